import Platform
import TestSupport
import Testing

@testable import Server

@Suite("The pid file")
struct PidFileTests {
    @Test("who reads it finds a whole number or nothing, while it is written again and again")
    func whole() throws {
        let sandbox = try Sandbox()
        let file = PidFile(path: sandbox.path("zendan.pid"))
        try file.write()
        let writer = Background {
            for _ in 0..<500 { try file.write() }
        }
        var seen: Set<Int32?> = []
        while !writer.isDone { seen.insert(PidFile.read(file.path)) }
        try writer.wait()
        #expect(seen == [ProcessControl.identifier])
        #expect(sandbox.files() == ["zendan.pid"])
    }

    @Test("it moves, and only its own process removes it")
    func moving() throws {
        let sandbox = try Sandbox()
        var file = PidFile(path: sandbox.path("a.pid"))
        try file.write()
        try file.move(to: sandbox.path("b.pid"))
        #expect(sandbox.files() == ["b.pid"] && file.path == sandbox.path("b.pid"))
        #expect(throws: SystemError.notFound) { try file.move(to: sandbox.path("none/c.pid")) }
        #expect(file.path == sandbox.path("b.pid") && sandbox.files() == ["b.pid"])
        try sandbox.write("b.pid", "1\n")
        file.remove()
        #expect(sandbox.files() == ["b.pid"])
        try sandbox.write("b.pid", "\(ProcessControl.identifier)\n")
        file.remove()
        #expect(sandbox.files().isEmpty)
    }

    @Test("what is no number is none", arguments: ["", "x", "-1", "0", "12x", "99999999999"])
    func nonsense(text: String) throws {
        let sandbox = try Sandbox()
        #expect(PidFile.read(try sandbox.write("p", text)) == nil && PidFile.read(sandbox.path("none")) == nil)
    }
}
