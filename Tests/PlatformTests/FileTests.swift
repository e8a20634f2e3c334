import Glibc
import TestSupport
import Testing

@testable import Platform

/// Bytes of a string.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite("Files and directories")
struct FileTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func zeroTerminated(_ path: String) -> [UInt8] { bytes(path) + [0] }

    @Test("each way of opening and creating does what its name says")
    func opening() throws {
        let path = sandbox.path("file")
        #expect(throws: SystemError.notFound) { _ = try File.open(path, .read) }
        do {
            let file = try File.open(path, .write, create: .mustBeNew, mode: 0o600)
            try File.write(file.rawValue, bytes("0123456789").span)
            #expect(fcntl(file.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        }
        #expect(throws: SystemError.exists) { _ = try File.open(path, .write, create: .mustBeNew) }
        do {
            let file = try File.open(path, .append, create: .ifMissing)
            try File.write(file.rawValue, bytes("ab").span)
        }
        #expect(try File.contents(path) == bytes("0123456789ab"))
        do {
            let file = try File.open(path, .readWrite)
            try File.write(file.rawValue, bytes("XY").span, at: 3)
            var three = [UInt8](repeating: 0, count: 3)
            var span = three.mutableSpan
            #expect(try File.read(file.rawValue, into: &span, at: 2) == 3)
            #expect(three == bytes("2XY"))
            span = three.mutableSpan
            #expect(try File.read(file.rawValue, into: &span, at: 12) == 0, "the end of the file")
            File.seek(file.rawValue, to: 10)
            #expect(try File.contents(of: file.rawValue) == bytes("ab"))
            try File.truncate(file.rawValue, to: 4)
        }
        #expect(try File.contents(path) == bytes("012X"))
        #expect(try File.status(path).mode == 0o600)
        _ = try File.open(path, .write, create: .truncated)
        #expect(try File.contents(path).isEmpty)
    }

    @Test("a file longer than the limit is refused, one as long is not")
    func limits() throws {
        let path = try sandbox.write("long", bytes: [UInt8](repeating: 1, count: 200_000))
        #expect(try File.contents(path, limit: 200_000).count == 200_000)
        #expect(throws: SystemError(EFBIG)) { _ = try File.contents(path, limit: 199_999) }
    }

    @Test("what the kernel tells of a file, by each way of asking")
    func status() throws {
        let path = try sandbox.write("status", "12345")
        let byPath = try File.status(path)
        #expect(byPath.kind == .regular && byPath.size == 5 && byPath.owner == ProcessControl.effectiveUser)
        #expect(abs(byPath.modified - Clock.wallMilliseconds() / 1000) < 60 && byPath.allocated % 512 == 0)
        let opened = try File.openForReading(zeroTerminated: zeroTerminated(path).span)
        #expect(try File.status(opened.rawValue) == byPath)
        #expect(try File.status(zeroTerminated: zeroTerminated(path).span) == byPath)
        #expect(try File.status(sandbox.path).kind == .directory && File.status("/dev/null").kind == .other)
        #expect(throws: SystemError.notFound) { _ = try File.status(path + "x") }
        #expect(throws: SystemError.notDirectory) { _ = try File.status(zeroTerminated: zeroTerminated(path + "/x").span) }
        #expect(throws: SystemError.notFound) { _ = try File.openForReading(zeroTerminated: zeroTerminated(path + "x").span) }
        try File.changeMode(path, 0o640)
        #expect(try File.status(path).mode == 0o640)
        let other = try sandbox.write("other", "12345")
        #expect(try File.status(other).inode != byPath.inode && File.status(other).device == byPath.device)
    }

    @Test("links are followed or told apart, and paths resolved")
    func links() throws {
        let path = try sandbox.write("a/target", "x")
        let link = sandbox.path("link")
        #expect(unsafe symlink(path, link) == 0)
        #expect(try File.linkStatus(link).isLink && !File.linkStatus(path).isLink)
        #expect(try File.linkStatus(link).owner == ProcessControl.effectiveUser)
        let whole = try #require(File.realPath(sandbox.path))
        #expect(File.realPath(sandbox.path("a/../link")) == whole + "/a/target" && File.realPath(link + "x") == nil)
        #expect(try File.realPath(zeroTerminated: zeroTerminated(link).span) == bytes(whole + "/a/target"))
        #expect(throws: SystemError.notFound) { _ = try File.realPath(zeroTerminated: zeroTerminated(link + "x").span) }
        try File.rename(link, to: sandbox.path("moved"))
        #expect(throws: SystemError.notFound) { _ = try File.linkStatus(link) }
        try File.remove(sandbox.path("moved"))
        #expect(try File.contents(path) == bytes("x"), "the link is gone, not the file")
    }

    @Test("directories: made with what is missing above, listed, removed when empty")
    func directories() throws {
        let deep = sandbox.path("x/y/z")
        #expect(throws: SystemError.notFound) { try Directory.create(deep) }
        try Directory.createAll(deep, mode: 0o700)
        try Directory.createAll(deep + "/", mode: 0o700)
        #expect(try File.status(deep).kind == .directory && File.status(deep).mode == 0o700)
        try sandbox.write("x/y/file", "1")
        #expect(try Set(Directory.names(sandbox.path("x/y"))) == ["z", "file"])
        #expect(throws: SystemError(ENOTEMPTY)) { try Directory.remove(sandbox.path("x/y")) }
        try Directory.remove(deep)
        #expect(throws: SystemError.notFound) { _ = try Directory.names(deep) }
        #expect(Directory.current.map { File.realPath($0) == $0 } == true)
    }

    @Test("a file where a directory should be is an error, not a directory")
    func fileInTheWay() throws {
        let path = try sandbox.write("way", "")
        #expect(throws: SystemError.notDirectory) { try Directory.create(path) }
        #expect(throws: SystemError.self) { try Directory.createAll(path + "/below") }
        try Directory.create(sandbox.path)
    }

    @Test("a file in memory has no name; space is counted in bytes")
    func memory() throws {
        let file = try File.inMemory("zendan-test")
        try File.write(file.rawValue, bytes("abc").span)
        #expect(try File.status(file.rawValue).size == 3)
        var three = [UInt8](repeating: 0, count: 3)
        var span = three.mutableSpan
        #expect(try File.read(file.rawValue, into: &span, at: 0) == 3 && three == bytes("abc"))
        #expect(try File.freeSpace(sandbox.path) > 0)
        #expect(throws: SystemError.notFound) { _ = try File.freeSpace(sandbox.path("none")) }
    }

    @Test("patterns find what a shell finds, sorted")
    func globbing() throws {
        for name in ["b.conf", "a.conf", "c.txt", ".hidden.conf"] { try sandbox.write(name, "") }
        #expect(Glob.paths(matching: sandbox.path("*.conf")) == [sandbox.path("a.conf"), sandbox.path("b.conf")])
        #expect(Glob.paths(matching: sandbox.path("[bc].*")) == [sandbox.path("b.conf"), sandbox.path("c.txt")])
        #expect(Glob.paths(matching: sandbox.path("nothing*")) == [])
    }
}

@Suite("Descriptors")
struct DescriptorTests {
    @Test("a descriptor is closed when its owner lets go, and not when it was given away")
    func ownership() throws {
        func identity(_ raw: Int32) -> UInt64? { try? File.status(raw).inode }
        let file = try File.inMemory("owned")
        let inode = try #require(identity(file.rawValue))
        let raw = file.release()
        #expect(identity(raw) == inode, "released, so still open")
        do { _ = FileDescriptor(owning: raw) }
        // Another thread may have taken the number meanwhile, but not this file.
        #expect(identity(raw) != inode)
        var shared: SharedDescriptor? = SharedDescriptor(try File.inMemory("shared"))
        let number = try #require(shared?.rawValue)
        let second = try #require(identity(number))
        let holder = shared
        shared = nil
        #expect(identity(number) == second)
        withExtendedLifetime(holder) {}
    }

    @Test("duplicates are for the same file, never one of the first three numbers, and closed on exec")
    func duplicates() throws {
        let file = try File.inMemory("duplicated")
        let copy = try file.duplicate()
        #expect(copy.rawValue > 2 && copy.rawValue != file.rawValue)
        #expect(try File.status(copy.rawValue).inode == File.status(file.rawValue).inode)
        #expect(fcntl(copy.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        FileDescriptor.setInheritable(copy.rawValue, true)
        #expect(fcntl(copy.rawValue, F_GETFD) & FD_CLOEXEC == 0)
        FileDescriptor.setInheritable(copy.rawValue, false)
        #expect(fcntl(copy.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        #expect(throws: SystemError(EBADF)) { _ = try FileDescriptor.duplicate(-1) }
    }

    @Test("a file takes the number of another in one step")
    func replacement() throws {
        let old = try File.inMemory("old")
        let new = try File.inMemory("new")
        let inode = try File.status(new.rawValue).inode
        try FileDescriptor.replace(old.rawValue, with: new)
        #expect(try File.status(old.rawValue).inode == inode)
        #expect(fcntl(old.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        #expect(throws: SystemError(EBADF)) { try FileDescriptor.replace(-1, with: try File.inMemory("none")) }
    }
}
