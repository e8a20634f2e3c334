import TestSupport

/// An origin that answers `late` once it may, so that a request is under way for as long as a test wants.
struct LateOrigin {
    private let told: Gate
    private let asked: Gate
    private let origin: Origin

    init(_ scene: Scene) throws {
        let (asked, told) = (Gate(), Gate())
        origin = try scene.origin { _, reply in
            asked.open()
            told.wait()
            try reply.respond(200, [:], "late")
        }
        (self.asked, self.told) = (asked, told)
    }

    var address: String { origin.address }

    /// Waits for the first request; false when none comes.
    func isAsked() -> Bool { asked.wait() }

    /// Lets the answers go, those of later requests too.
    func answer() { told.open() }
}
