import Configuration
import Glibc
import Testing

/// The one part that touches the file system.
@Suite struct FileSourceReaderTests {
    @Test func readsFilesAndPatterns() throws {
        let directory = "/tmp/zendan-configuration-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try #require(unsafe mkdir(directory, 0o700) == 0)
        defer {
            for name in ["b.conf", "a.conf", "c.txt"] { unsafe unlink("\(directory)/\(name)") }
            unsafe rmdir(directory)
        }
        for name in ["b.conf", "a.conf", "c.txt"] {
            let file = unsafe open("\(directory)/\(name)", O_WRONLY | O_CREAT, 0o600)
            _ = unsafe write(file, name, name.utf8.count)
            close(file)
        }
        let reader = FileSourceReader()
        #expect(try reader.text(of: "\(directory)/a.conf") == Array("a.conf".utf8))
        #expect(try reader.paths(matching: "\(directory)/*.conf") == ["\(directory)/a.conf", "\(directory)/b.conf"])
        #expect(try reader.paths(matching: "\(directory)/*.none") == [])
        #expect(throws: SourceFailure.self) { try reader.text(of: "\(directory)/none") }
        #expect(throws: SourceFailure.self) { try reader.text(of: directory) }
        #expect(throws: SourceFailure.self) { try reader.text(of: "/dev/zero") }
    }
}
