import Glibc
import TestSupport
import Testing

@testable import Platform

@Suite("Processes", .serialized)
struct ProcessTests {
    private func end(of child: Int32) -> ProcessControl.Ending? {
        ProcessControl.reap(child, wait: true)?.ending
    }

    @Test("how a child ends is told: its status, or the signal")
    func endings() throws {
        let exits = try ProcessControl.spawn("/bin/sh", ["sh", "-c", "exit 7"], environment: [])
        #expect(end(of: exits) == .exited(7))
        let waits = try ProcessControl.spawn("/bin/sh", ["sh", "-c", "sleep 60"], environment: ["PATH=/bin:/usr/bin"])
        #expect(ProcessControl.exists(waits) && ProcessControl.reap(waits) == nil)
        try ProcessControl.send(.terminate, to: waits)
        #expect(end(of: waits) == .signaled(SIGTERM))
        #expect(!ProcessControl.exists(waits))
        #expect(throws: SystemError.noSuchProcess) { try ProcessControl.send(.terminate, to: waits) }
        let killed = try ProcessControl.spawn("/bin/sh", ["sh", "-c", "sleep 60"], environment: ["PATH=/bin:/usr/bin"])
        ProcessControl.killNow(killed)
        #expect(end(of: killed) == .signaled(SIGKILL))
        let missing = try ProcessControl.spawn("/no/such/program", ["x"], environment: [])
        #expect(end(of: missing) == .exited(127))
    }

    @Test("a child has the arguments, the environment and the descriptors it was given, under the numbers it was given")
    func inheritance() throws {
        let output = try File.inMemory("output")
        let secret = try File.inMemory("secret")
        let script = "echo \"$1,$NAME\"; [ -e /proc/self/fd/\(secret.rawValue) ] && echo leaked; echo to-nine >&9"
        let child = try ProcessControl.spawn(
            "/bin/sh", ["sh", "-c", script, "x", "an argument"], environment: ["NAME=value"],
            keeping: [(output.rawValue, 1), (output.rawValue, 9)])
        #expect(end(of: child) == .exited(0))
        File.seek(output.rawValue, to: 0)
        #expect(String(decoding: try File.contents(of: output.rawValue), as: UTF8.self) == "an argument,value\nto-nine\n")
    }

    @Test("descriptors may change places with each other")
    func exchange() throws {
        let one = try File.inMemory("one")
        let two = try File.inMemory("two")
        let child = try ProcessControl.spawn(
            "/bin/sh", ["sh", "-c", "echo a >>/proc/self/fd/\(one.rawValue); echo b >>/proc/self/fd/\(two.rawValue)"],
            environment: [],
            keeping: [(one.rawValue, two.rawValue), (two.rawValue, one.rawValue)])
        #expect(end(of: child) == .exited(0))
        for (file, text) in [(one.rawValue, "b\n"), (two.rawValue, "a\n")] {
            File.seek(file, to: 0)
            #expect(try File.contents(of: file) == bytes(text))
        }
    }

    @Test("accounts, environment, limits of this process")
    func surroundings() throws {
        let root = try #require(ProcessControl.account(named: "root"))
        #expect(root.user == 0 && root.group == 0 && ProcessControl.group(named: "root") == 0)
        #expect(ProcessControl.account(named: "no such user") == nil && ProcessControl.group(named: "no such group") == nil)
        #expect(ProcessControl.isRoot == (ProcessControl.effectiveUser == 0))
        #expect(ProcessControl.identifier == getpid() && ProcessControl.exists(getpid()))
        #expect(ProcessControl.processorCount >= 1 && !ProcessControl.hostName.isEmpty)
        ProcessControl.setEnvironment("ZENDAN_PLATFORM_TEST", "a=b")
        #expect(ProcessControl.environmentValue("ZENDAN_PLATFORM_TEST") == "a=b")
        #expect(ProcessControl.environment.contains("ZENDAN_PLATFORM_TEST=a=b"))
        ProcessControl.setEnvironment("ZENDAN_PLATFORM_TEST", nil)
        #expect(ProcessControl.environmentValue("ZENDAN_PLATFORM_TEST") == nil)
        let limit = ProcessControl.limitDescriptors(nil)
        #expect(limit > 0 && ProcessControl.limitDescriptors(limit) == limit)
        #expect(try onThreads(2) { _ in ProcessControl.threadIdentifier }.count == 2)
    }

    @Test("errors are told as the operator knows them")
    func errors() {
        #expect(SystemError(ECONNREFUSED).description == "111: Connection refused")
        #expect(SystemError(ENOENT).message == "No such file or directory")
        #expect(SystemError(99_999).message.contains("99999"))
        var calls = 0
        let result: Int = uninterrupted {
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : 5
        }
        #expect(result == 5 && calls == 3)
        calls = 0
        let failed: Int = uninterrupted {
            calls += 1
            errno = EIO
            return -1
        }
        #expect(failed == -1 && calls == 1)
    }
}
