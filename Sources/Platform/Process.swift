import CLinux
import Glibc

/// This process and those it starts.
public enum ProcessControl {
    public static var identifier: Int32 { getpid() }
    public static var threadIdentifier: Int32 { zl_getpid_thread() }
    public static var isRoot: Bool { geteuid() == 0 }
    public static var effectiveUser: UInt32 { geteuid() }

    /// Processors this process may use.
    public static var processorCount: Int { max(1, Int(zl_core_count())) }

    /// Sends a signal.
    public static func send(_ signal: Signal, to process: Int32) throws(SystemError) {
        if kill(process, signal.rawValue) != 0 { throw SystemError.current }
    }

    public static func killNow(_ process: Int32) { _ = kill(process, SIGKILL) }

    /// Whether a process with this number exists.
    public static func exists(_ process: Int32) -> Bool {
        kill(process, 0) == 0 || errno == EPERM
    }

    public enum Ending: Sendable, Hashable {
        case exited(Int32)
        case signaled(Int32)
    }

    /// Takes the ending of a child, if one has ended. `process` -1: any.
    public static func reap(_ process: Int32 = -1, wait: Bool = false) -> (process: Int32, ending: Ending)? {
        var status: Int32 = 0
        let found = uninterrupted { unsafe waitpid(process, &status, wait ? 0 : WNOHANG) }
        guard found > 0 else { return nil }
        if zl_signaled(status) != 0 { return (found, .signaled(zl_term_signal(status))) }
        return (found, .exited(zl_exit_status(status)))
    }

    /// A user as the system knows it.
    public struct Account: Sendable, Hashable {
        public let name: String
        public let user: UInt32
        public let group: UInt32

        public init(name: String, user: UInt32, group: UInt32) {
            self.name = name
            self.user = user
            self.group = group
        }
    }

    public static func account(named name: String) -> Account? {
        // Sound: getpwnam's result is read before any other call; single-threaded phases only (supervisor, -t).
        guard let entry = unsafe getpwnam(name) else { return nil }
        return unsafe Account(name: name, user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
    }

    public static func group(named name: String) -> UInt32? {
        guard let entry = unsafe getgrnam(name) else { return nil }
        return unsafe entry.pointee.gr_gid
    }

    /// Gives up root for ever: groups, group, user, in that order.
    public static func become(_ account: Account) throws(SystemError) {
        if setgid(account.group) != 0 { throw SystemError.current }
        if unsafe zl_setgroups(account.name, account.group) != 0 { throw SystemError.current }
        if setuid(account.user) != 0 { throw SystemError.current }
    }

    /// Raises or lowers the limit of open descriptors; returns what holds now.
    @discardableResult
    public static func limitDescriptors(_ wanted: Int?) -> Int {
        var limit = rlimit()
        unsafe getrlimit(__rlimit_resource_t(7), &limit)
        if let wanted {
            let value = rlim_t(wanted)
            var new = rlimit(rlim_cur: value, rlim_max: max(value, limit.rlim_max))
            if unsafe setrlimit(__rlimit_resource_t(7), &new) != 0 {
                new = rlimit(rlim_cur: min(value, limit.rlim_max), rlim_max: limit.rlim_max)
                unsafe setrlimit(__rlimit_resource_t(7), &new)
            }
            unsafe getrlimit(__rlimit_resource_t(7), &limit)
        }
        return limit.rlim_cur > rlim_t(Int32.max) ? Int(Int32.max) : Int(limit.rlim_cur)
    }

    /// Detaches from the terminal: the caller goes on in a child and a new session; the parent exits.
    public static func daemonize() throws(SystemError) {
        let child = zl_fork()
        if child < 0 { throw SystemError.current }
        if child > 0 { _exit(0) }
        if setsid() < 0 { throw SystemError.current }
        _ = umask(0)
    }

    /// Starts a program in a child that keeps the given descriptors under the given numbers.
    /// `environment` replaces this process's one. Returns the child's number.
    public static func spawn(
        _ path: String, _ arguments: [String], environment: [String], keeping descriptors: [(from: Int32, to: Int32)] = []
    ) throws(SystemError) -> Int32 {
        var pairs: [Int32] = []
        for descriptor in descriptors { pairs += [descriptor.from, descriptor.to] }
        let child = unsafe CStrings.with(arguments) { arguments in
            unsafe CStrings.with(environment) { environment in
                // Sound: the arrays end with nil and live through the call; the child touches nothing of Swift's.
                unsafe zl_spawn(path, arguments, environment, &pairs, Int32(descriptors.count))
            }
        }
        if child < 0 { throw SystemError.current }
        return child
    }

    /// A path at which this same program can be started again.
    ///
    /// Its own path while the file there is still the one that runs, so that process lists and profilers see its name;
    /// `/proc/self/exe` once an upgrade has put another file there.
    public static var ownExecutable: String {
        let link = "/proc/self/exe"
        guard let path = File.realPath(link), let there = try? File.status(path),
            let running = try? File.open(link, .read), let here = try? File.status(running.rawValue),
            there.device == here.device, there.inode == here.inode
        else { return link }
        return path
    }

    /// This process's environment, one `NAME=value` each.
    public static var environment: [String] {
        var result: [String] = []
        guard var place = unsafe zl_environment() else { return result }
        while let entry = unsafe place.pointee {
            result.append(unsafe String(cString: entry))
            unsafe place += 1
        }
        return result
    }

    public static func environmentValue(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    public static func setEnvironment(_ name: String, _ value: String?) {
        if let value { unsafe setenv(name, value, 1) } else { unsafe unsetenv(name) }
    }

    /// The name of this machine, in lower case as the system gives it.
    public static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Ends this process at once, without running what `atexit` registered.
    public static func exitNow(_ status: Int32) -> Never { _exit(status) }
}

/// Arrays of C strings for `exec`.
enum CStrings {
    static func with<R>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
        let copies = unsafe strings.map { unsafe strdup($0) } + [nil]
        defer {
            for index in 0..<strings.count { unsafe free(copies[index]) }
        }
        // Sound: the array of pointers lives through `body`.
        return unsafe copies.withUnsafeBufferPointer { buffer in unsafe body(buffer.baseAddress!) }
    }
}

/// One thread of this process.
public enum Threads {
    /// Starts a thread that runs `body` and is never joined. `stackSize` in bytes. Errors: what `pthread_create` says, as
    /// EAGAIN when a limit of threads or memory is reached.
    public static func start(stackSize: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        final class Start: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        unsafe pthread_attr_setstacksize(&attributes, stackSize)
        defer { unsafe pthread_attr_destroy(&attributes) }
        let start = unsafe Unmanaged.passRetained(Start(body))
        var thread = pthread_t()
        // Sound: the retained object is taken over by the thread, once; a thread that cannot start gives it back.
        let status = unsafe pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        if status != 0 {
            unsafe start.release()
            throw SystemError(status)
        }
    }

    /// Names the calling thread, and the process when it is its first: what `ps` and `top` show. At most 15 bytes.
    public static func setName(_ name: String) { _ = unsafe zl_name_thread(name) }

    /// What tells the threads of this process apart.
    public static var current: UInt { UInt(pthread_self()) }

    public static func sleep(milliseconds: Int) { usleep(UInt32(clamping: milliseconds * 1000)) }
}
