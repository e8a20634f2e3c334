import Foundation

/// How a process ended.
public enum ExitStatus: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
}

/// A process that the support started, in a process group of its own, its output in a file. It stays unreaped until `end`,
/// so its number and its group are ours and nothing else can be hit by a signal.
public final class ChildProcess: Sendable {
    public let pid: pid_t
    /// The file that holds its standard output and error.
    public let outputPath: String
    private let ended = Guarded(false)

    /// Starts `executable`. `handingDown` becomes its descriptors 3, 4, …; it inherits nothing else. With
    /// `socketActivation` LISTEN_FDS and LISTEN_PID tell so in systemd's way. `descriptorLimit`: how many it may have open.
    public init(
        _ executable: String, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String? = nil, handingDown: [Int32] = [], socketActivation: Bool = false, descriptorLimit: Int? = nil,
        isGuarded: Bool = true, output: String
    ) throws {
        outputPath = output
        var command = [executable] + arguments
        var environment = environment
        if let directory { command = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory] + command }
        if let descriptorLimit { command = ["/bin/sh", "-c", "ulimit -n \(descriptorLimit); exec \"$@\"", "sh"] + command }
        if socketActivation && !handingDown.isEmpty {
            environment["LISTEN_FDS"] = "\(handingDown.count)"
            command = ["/bin/sh", "-c", "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"", "sh"] + command
        }
        // High numbers first, so that no target 3, 4, … is still a source.
        let sources = handingDown.map { fcntl($0, F_DUPFD_CLOEXEC, 500) }
        defer { for source in sources { close(source) } }

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        for (index, source) in sources.enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, source, Int32(3 + index))
        }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        unsafe sigemptyset(&noSignals)
        var allSignals = sigset_t()
        unsafe sigfillset(&allSignals)
        unsafe posix_spawnattr_setsigmask(&attributes, &noSignals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &allSignals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var words: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe variables.indices { unsafe free(variables[index]) }
        }
        var number = pid_t(0)
        let result = startingChildren.with { isPrepared in
            if !isPrepared { keepOpenFilesFromChildren() }
            isPrepared = true
            return unsafe posix_spawn(&number, command[0], &actions, &attributes, &words, &variables)
        }
        guard result == 0 else { throw HarnessError.system("start \(command[0])", result) }
        pid = number
        if isGuarded { Guardian.shared?.watch(number) }
    }

    deinit { end() }

    public var isRunning: Bool { exitStatus == nil }

    /// How it ended; nil while it runs. Does not reap it.
    public var exitStatus: ExitStatus? {
        if ended.copy { return .exited(-1) }
        var info = unsafe siginfo_t()
        guard unsafe waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return .exited(-1) }
        guard unsafe info._sifields._sigchld.si_pid == pid else { return nil }
        let status = unsafe info._sifields._sigchld.si_status
        return unsafe info.si_code == CLD_EXITED ? .exited(status) : .signalled(status)
    }

    /// Waits for its end; nil when it did not come in time.
    public func waitForExit(within limit: Duration = patience) -> ExitStatus? {
        _ = eventually(within: limit) { !isRunning }
        return exitStatus
    }

    public func signal(_ number: Int32) {
        guard !ended.copy else { return }
        _ = kill(pid, number)
    }

    /// Kills what is left of it and its children, and reaps it.
    public func end() {
        ended.with { ended in
            guard !ended else { return }
            ended = true
            _ = kill(-pid, SIGKILL)
            var status = Int32(0)
            while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            Guardian.shared?.forget(pid)
        }
    }

    /// What it has written so far.
    public var output: String {
        FileManager.default.contents(atPath: outputPath).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// Runs a program to its end and returns its status and output: `nginx -t`, `zendan -V`.
public func run(
    _ executable: String, _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
    directory: String? = nil, within limit: Duration = patience
) throws -> (status: ExitStatus, output: String) {
    let sandbox = try Sandbox()
    defer { try? FileManager.default.removeItem(atPath: sandbox.path) }
    let child = try ChildProcess(
        executable, arguments, environment: environment, directory: directory, output: sandbox.path("output"))
    defer { child.end() }
    guard let status = child.waitForExit(within: limit) else {
        throw HarnessError("\(executable) \(arguments) did not end within \(limit): \(child.output)")
    }
    return (status, child.output)
}

/// Held while a child starts. True once the descriptors that this process itself inherited are kept from its children.
let startingChildren = Guarded(false)

private func keepOpenFilesFromChildren() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
        if let number = Int32(name), number > 2 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }
}
