import CLinux
import Glibc

/// Messages with open files attached, between processes of one machine (unix(7), SCM_RIGHTS).
extension Socket {
    /// Descriptors that one message may carry at most.
    public static let maximumDescriptors = 200
    /// Bytes that one message may have at most.
    public static let maximumMessage = 4096

    /// One message as it arrived. Who takes it owns the descriptors, which are closed on exec.
    public struct Message: Sendable {
        public let bytes: [UInt8]
        public let descriptors: [SharedDescriptor]
    }

    /// What `receiveMessage` came to.
    public enum Reception: Sendable {
        case message(Message)
        case wouldBlock
        case closed
        case failed(SystemError)
    }

    /// Two connected ends that keep the borders of messages (SOCK_SEQPACKET) and wait.
    public static func messagePair() throws(SystemError) -> Pair {
        var raw: [Int32] = [-1, -1]
        let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        // Sound: the array has the two places that are written.
        if unsafe socketpair(AF_UNIX, kind, 0, &raw) != 0 { throw SystemError.current }
        return Pair(first: FileDescriptor(owning: raw[0]), second: FileDescriptor(owning: raw[1]))
    }

    /// Sends one message whole. The receiver gets descriptors of its own; the caller keeps its.
    public static func sendMessage(_ raw: Int32, _ bytes: [UInt8], descriptors: [Int32] = []) throws(SystemError) {
        precondition(!bytes.isEmpty && bytes.count <= maximumMessage && descriptors.count <= maximumDescriptors)
        let sent = unsafe bytes.withUnsafeBufferPointer { text in
            unsafe descriptors.withUnsafeBufferPointer { list in
                // Sound: both buffers live through the call and are as long as it is told.
                uninterrupted {
                    unsafe zl_send_descriptors(raw, text.baseAddress, text.count, list.baseAddress, Int32(list.count))
                }
            }
        }
        if sent < 0 { throw SystemError.current }
    }

    /// Receives one message.
    public static func receiveMessage(_ raw: Int32) -> Reception {
        var bytes = [UInt8](repeating: 0, count: maximumMessage)
        var numbers = [Int32](repeating: -1, count: maximumDescriptors)
        var received: Int32 = 0
        let count = unsafe bytes.withUnsafeMutableBufferPointer { text in
            unsafe numbers.withUnsafeMutableBufferPointer { list in
                // Sound: as above; the call writes no more than it is told there is room for.
                uninterrupted {
                    unsafe zl_receive_descriptors(
                        raw, text.baseAddress, text.count, list.baseAddress, Int32(list.count), &received)
                }
            }
        }
        let error = SystemError.current
        let descriptors = numbers.prefix(max(0, Int(received))).map { SharedDescriptor(FileDescriptor(owning: $0)) }
        if count > 0 { return .message(Message(bytes: Array(bytes.prefix(count)), descriptors: descriptors)) }
        if count == 0 { return .closed }
        return error == .wouldBlock ? .wouldBlock : .failed(error)
    }

    /// Whether `raw` is open.
    public static func isOpen(_ raw: Int32) -> Bool { fcntl(raw, F_GETFD) >= 0 }

    /// Asks for nothing less than a whole descriptor table: opens /dev/null on each of 0, 1 and 2 that is closed, so that
    /// no socket and no log ever takes the place of a standard stream.
    public static func openStandardStreams() {
        for number: Int32 in 0...2 where !isOpen(number) {
            let raw = unsafe zl_open("/dev/null", O_RDWR, 0)
            // The lowest free number is taken, which is `number`: those below it are open by now.
            if raw != number && raw > 2 { _ = Glibc.close(raw) }
        }
    }

    /// Puts /dev/null in place of standard input and output: a process without a terminal.
    public static func detachStandardStreams() {
        let raw = unsafe zl_open("/dev/null", O_RDWR, 0)
        guard raw >= 0 else { return }
        _ = dup2(raw, 0)
        _ = dup2(raw, 1)
        if raw > 2 { _ = Glibc.close(raw) }
    }
}
