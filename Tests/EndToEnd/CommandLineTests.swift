import TestSupport
import Testing

/// What the command line says and exits with.
@Suite struct CommandLineTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        var configuration = "events {}\nhttp { access_log off; server { listen 127.0.0.1:1; } }\n"
        let status: Int32
        let says: [String]
        var omits: [String] = []

        var testDescription: String { arguments.joined(separator: " ") + " → \(says.first ?? "")" }
    }

    static let cases = [
        Case(arguments: ["-v"], status: 0, says: ["zendan version: zendan/"]),
        Case(
            arguments: ["-V"], status: 0,
            says: ["nginx version: nginx/1.31.5", "built with OpenSSL 3.", "TLS SNI support enabled", "configure arguments:"]),
        Case(arguments: ["-h"], status: 0, says: ["-s signal", "-c file"]),
        Case(arguments: ["-?"], status: 0, says: ["-s signal"]),
        Case(arguments: ["-x"], status: 1, says: ["invalid option: \"-x\""]),
        Case(arguments: ["stray"], status: 1, says: ["invalid option: \"stray\""]),
        Case(arguments: ["-s", "jump"], status: 1, says: ["invalid option: \"-s jump\""]),
        Case(arguments: ["-t"], status: 0, says: ["t.conf syntax is ok", "test is successful"]),
        Case(arguments: ["-tq"], status: 0, says: [], omits: ["syntax is ok"]),
        Case(arguments: ["-T"], status: 0, says: ["# configuration file", "listen 127.0.0.1:1"]),
        Case(
            arguments: ["-t"], configuration: "events {}\nhttp {\n    listne 80;\n}\n", status: 1,
            says: ["zendan: [emerg]", "t.conf:3:5: unknown directive \"listne\"", "t.conf test failed"]),
        Case(
            arguments: ["-t"], configuration: "events {}\nhttp { gzip on; gzip off; }\n", status: 1,
            says: ["t.conf:2:17: directive \"gzip\" is duplicate"]),
        Case(
            arguments: ["-t"], configuration: "http {}\n", status: 1, says: ["no \"events\" section in configuration"]),
        Case(
            arguments: ["-t"], configuration: "events { use epoll; }\nhttp {}\n", status: 0,
            says: ["\"use\" has no effect here", "test is successful"]),
        Case(arguments: ["-t", "-g", "worker_processes 2"], status: 1, says: ["[emerg]"]),
        Case(arguments: ["-t", "-g", "worker_processes 2;"], status: 0, says: ["test is successful"]),
        Case(arguments: ["-s", "stop"], status: 1, says: ["invalid or missing PID"]),
        Case(
            arguments: ["-s", "reload"], configuration: "nonsense;\n", status: 1,
            says: ["t.conf:1:1: unknown directive \"nonsense\"", "no signal was sent"]),
        Case(
            arguments: ["-t", "-c", "none.conf"], status: 1,
            says: ["none.conf\": No such file or directory", "option -c names another file"]),
    ]

    @Test(arguments: Front.only(.zendan).isEmpty ? [] : cases)
    func theCommandLineSaysAndExits(_ test: Case) throws {
        let sandbox = try Sandbox()
        defer { sandbox.remove() }
        // At the end, so that lines keep their numbers.
        try sandbox.write("t.conf", test.configuration + "pid none.pid;\n")
        let binary = try #require(Front.zendan.binary)
        let (status, output) = try run(binary, ["-p", sandbox.path + "/", "-c", "t.conf"] + test.arguments)
        #expect(status == .exited(test.status), "\(output)")
        for text in test.says { #expect(output.contains(text), "\(output)") }
        for text in test.omits { #expect(!output.contains(text), "\(output)") }
    }

    @Test(arguments: Front.only(.zendan))
    func strictMakesWarningsCount(_ front: Front) throws {
        let sandbox = try Sandbox()
        defer { sandbox.remove() }
        // More connections than files may be open.
        try sandbox.write(
            "t.conf", "worker_rlimit_nofile 100;\nevents { worker_connections 1000; }\nhttp { access_log off; }\n")
        let binary = try #require(front.binary)
        let arguments = ["-p", sandbox.path + "/", "-c", "t.conf", "-t"]
        #expect(try run(binary, arguments).status == .exited(0))
        #expect(try run(binary, arguments + ["--strict"]).status == .exited(1))
    }
}
