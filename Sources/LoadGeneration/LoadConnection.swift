import Bytes
import EventLoops
import Platform

/// One connection to the target, used by one lane.
final class LoadConnection: Endpoint {
    let transport: Transport
    /// Responses that came whole.
    var answered = 0
    private unowned let lane: Lane

    /// Takes over a socket that connects or is connected.
    init(lane: Lane, descriptor: consuming FileDescriptor) throws(SystemError) {
        transport = Transport(descriptor)
        self.lane = lane
        super.init(loop: lane.loop)
        Socket.setNoDelay(transport.rawValue)
        try watch(transport.rawValue, [.readable, .writable])
    }

    override func ready(_ readiness: Readiness) {
        if !filter(readiness).isEmpty { lane.connectionReady() }
    }
}
