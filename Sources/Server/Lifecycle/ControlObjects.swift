import EventLoops
import Platform

/// What a control loop waits for besides timers: signals.
final class SignalEndpoint: Endpoint {
    private let descriptor: FileDescriptor
    private let handler: (Signals.Arrival) -> Void

    init(loop: EventLoop, _ handler: @escaping (Signals.Arrival) -> Void) throws(SystemError) {
        descriptor = try Signals.descriptor()
        self.handler = handler
        super.init(loop: loop)
        try watch(descriptor.rawValue, .readable)
    }

    override func ready(_ readiness: Readiness) {
        while let arrival = Signals.take(descriptor.rawValue) { handler(arrival) }
    }
}

/// One end of the socket between supervisor and worker.
final class ChannelEndpoint: Endpoint {
    let descriptor: FileDescriptor
    /// nil: the other end is gone.
    private let handler: (Socket.Message?) -> Void
    private var isClosed = false

    init(
        _ descriptor: consuming FileDescriptor, loop: EventLoop, _ handler: @escaping (Socket.Message?) -> Void
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.handler = handler
        super.init(loop: loop)
        try watch(self.descriptor.rawValue, .readable)
    }

    override func ready(_ readiness: Readiness) {
        switch Socket.receiveMessage(descriptor.rawValue) {
        case .message(let message): handler(message)
        case .wouldBlock: break
        case .closed, .failed: end()
        }
    }

    private func end() {
        if isClosed { return }
        close()
        handler(nil)
    }

    func close() {
        if isClosed { return }
        isClosed = true
        unwatch()
        detach()
    }
}

/// Something to do later on a control loop.
final class DelayedAction: LoopObject {
    private var action: (() -> Void)?

    /// Runs `action` once, after so many milliseconds; replaces what was planned.
    func schedule(after milliseconds: Int64, _ action: @escaping () -> Void) {
        self.action = action
        enroll()
        setTimer(loop.now + milliseconds)
    }

    func cancel() {
        action = nil
        resign()
    }

    override func timerFired() {
        let action = self.action
        cancel()
        action?()
    }
}
