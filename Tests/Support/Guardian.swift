import Glibc

/// A shell that outlives this process by a moment: when the test process is gone, however it ended (a trap, Ctrl-C), it kills
/// the children that were still running.
final class Guardian: Sendable {
    /// The one of this process; nil when it cannot be had, and then nobody watches.
    static let shared = try? Guardian()

    private let line: Descriptor
    private let shell: ChildProcess

    private static let script = """
        live=" "
        while read -r word pid; do
            case $word in
                watch) live="$live$pid " ;;
                forget) live="${live%% $pid *} ${live#* $pid }" ;;
            esac
        done <&3
        for pid in $live; do kill -KILL -$pid; done
        """

    private init() throws {
        var ends: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw HarnessError.system("socketpair")
        }
        line = Descriptor(ends[0])
        let far = Descriptor(ends[1])
        shell = try ChildProcess(
            "/bin/sh", ["-c", Self.script], handingDown: [far.number], isGuarded: false, output: "/dev/null")
        far.close()
    }

    func watch(_ pid: pid_t) { tell("watch \(pid)") }
    func forget(_ pid: pid_t) { tell("forget \(pid)") }

    private func tell(_ text: String) {
        try? line.send(Array((text + "\n").utf8), until: .in(.seconds(1)))
    }
}
