import Platform

/// Accepts connections from one listening socket that other loops may share.
public final class Acceptor: Endpoint {
    private let socket: SharedDescriptor
    private let onAccept: (consuming FileDescriptor, SocketAddress) -> Void
    private let onFailure: (SystemError) -> Void
    private let interest: Readiness
    private var isPaused = false
    /// Milliseconds to wait when the process has no descriptors left, as nginx does.
    private static let pause: Int64 = 500

    public init(
        loop: EventLoop, socket: SharedDescriptor, isShared: Bool,
        onAccept: @escaping (consuming FileDescriptor, SocketAddress) -> Void, onFailure: @escaping (SystemError) -> Void
    ) throws(SystemError) {
        self.socket = socket
        self.onAccept = onAccept
        self.onFailure = onFailure
        interest = isShared ? [.readable, .exclusive] : .readable
        super.init(loop: loop)
        try watch(socket.rawValue, interest)
    }

    /// One connection per event: the set is level-triggered, and an `accept` that finds nothing costs a system call.
    public override func ready(_ readiness: Readiness) {
        switch Socket.accept(socket.rawValue) {
        case .connection(let descriptor, let peer): onAccept(descriptor, peer)
        case .none: break
        case .failed(let error):
            if error == .connectionAborted { return }
            onFailure(error)
            if error == .tooManyOpenFiles || error == .systemTooManyOpenFiles { pauseAccepting() }
        }
    }

    private func pauseAccepting() {
        isPaused = true
        unwatch()
        setTimer(loop.now + Acceptor.pause)
    }

    public override func timerFired() {
        guard isPaused else { return }
        do throws(SystemError) {
            try watch(socket.rawValue, interest)
            isPaused = false
        } catch {
            setTimer(loop.now + Acceptor.pause)
        }
    }

    /// Stops accepting; the socket stays open for the other loops.
    public func close() {
        unwatch()
        resign()
    }
}
