import CLinux
import Glibc

/// Signals that the supervisor and the worker obey.
public enum Signal: Int32, Sendable, CaseIterable {
    case hangUp = 1
    case interrupt = 2
    case quit = 3
    case user1 = 10
    case user2 = 12
    case terminate = 15
    case child = 17
    case windowChange = 28

    public var name: String {
        switch self {
        case .hangUp: "SIGHUP"
        case .interrupt: "SIGINT"
        case .quit: "SIGQUIT"
        case .user1: "SIGUSR1"
        case .user2: "SIGUSR2"
        case .terminate: "SIGTERM"
        case .child: "SIGCHLD"
        case .windowChange: "SIGWINCH"
        }
    }
}

public enum Signals {
    /// Ignores SIGPIPE and SIGXFSZ: a write to a connection that is gone, or to a file that may not grow, is an error and not
    /// the end.
    public static func ignoreFailedWrites() {
        _ = signal(SIGPIPE, SIG_IGN)
        _ = signal(SIGXFSZ, SIG_IGN)
    }

    private static func set(_ signals: [Signal]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal.rawValue) }
        return set
    }

    /// Blocks the signals for this thread and those it starts, so that only `wait` or a descriptor takes them.
    public static func block(_ signals: [Signal] = Signal.allCases) {
        var set = set(signals)
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// A descriptor that becomes readable with each of the (blocked) signals.
    public static func descriptor(_ signals: [Signal] = Signal.allCases) throws(SystemError) -> FileDescriptor {
        var set = set(signals)
        let raw = unsafe signalfd(-1, &set, Int32(SFD_NONBLOCK) | Int32(SFD_CLOEXEC))
        if raw < 0 { throw SystemError.current }
        return FileDescriptor(owning: raw)
    }

    /// A signal, and the process that sent it (0: the kernel).
    public struct Arrival: Sendable, Hashable {
        public let signal: Signal
        public let sender: Int32
    }

    /// Takes one signal from such a descriptor.
    public static func take(_ raw: Int32) -> Arrival? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        // Sound: `size` bytes are written to `info`.
        let count = unsafe withUnsafeMutablePointer(to: &info) { pointer in
            uninterrupted { unsafe read(raw, pointer, size) }
        }
        guard count == size, let signal = Signal(rawValue: Int32(info.ssi_signo)) else { return nil }
        return Arrival(signal: signal, sender: Int32(bitPattern: info.ssi_pid))
    }
}
