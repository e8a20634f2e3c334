import EventLoops

/// Tells when the last request that began under an earlier configuration is over: a reload replaces no process, so nothing else
/// would say it.
final class Retirement {
    private struct Reference {
        weak var site: Site?
    }

    /// What the log says then. Tools that watch a reload of nginx wait for the end of its old worker: the line has its words.
    static let message = "no request uses the previous configuration any more (nginx: worker process exited with code 0)"

    private var references: [Reference] = []
    private let timer: DelayedAction
    private let onEnd: () -> Void
    /// Milliseconds between two looks.
    private static let pause: Int64 = 100

    init(loop: EventLoop, onEnd: @escaping () -> Void) {
        timer = DelayedAction(loop: loop)
        self.onEnd = onEnd
    }

    /// Whether nothing is watched any more.
    var isOver: Bool { references.isEmpty }

    /// Watches these too. Weak references, and only to what is on its way out: those in use stay as cheap as they are.
    func watch(_ sites: [Site]) {
        references.append(contentsOf: sites.map { Reference(site: $0) })
        look()
    }

    private func look() {
        timer.schedule(after: Retirement.pause) { [unowned self] in
            references.removeAll { $0.site == nil }
            if references.isEmpty { onEnd() } else { look() }
        }
    }
}
