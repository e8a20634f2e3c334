import Bytes
import Platform
import Testing

@testable import Server

/// What is appended to a temporary file can be read at any time: from the file, and behind it from memory.
@Suite struct BodyFileTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = "/tmp/zendan-bodyfile-\(ProcessControl.identifier)-\(Clock.monotonicNanoseconds())"
        try Directory.create(directory)
        defer { try? Directory.remove(directory) }
        try body(directory)
    }

    private func content(_ file: BodyFile) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: file.written)
        var span = bytes.mutableSpan
        let read = try File.read(file.descriptor.rawValue, into: &span, at: 0)
        #expect(read == file.written)
        let rest = file.unwritten(file.written..<file.count)
        bytes.append(rest.bytes)
        return bytes
    }

    @Test(arguments: [1, 7, 511, 512, 513, 1024, 2000])
    func piecesOfAnySize(_ size: Int) throws {
        try withDirectory { directory in
            let file = try BodyFile(directory: directory, pieces: 512)
            var expected: [UInt8] = []
            for number in 0..<20 {
                let bytes = (0..<size + number * 3).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) }
                try file.append(bytes.span)
                expected += bytes
                #expect(file.count == expected.count && file.count - file.written < 512)
                if number % 7 == 6 {
                    try file.flush()
                    #expect(file.written == file.count)
                }
                #expect(try content(file) == expected)
            }
        }
    }

    @Test func whatCannotBeWrittenIsNotThere() throws {
        // A disk that is full.
        let full = try File.open("/dev/full", .readWrite)
        let file = BodyFile(path: "/dev/full", SharedDescriptor(full), pieces: 512)
        file.isKept = true
        let first = [UInt8](repeating: 1, count: 100)
        try file.append(first.span)
        for count in [412, 1000, 5000] {
            #expect(throws: SystemError.self) { try file.append([UInt8](repeating: 2, count: count).span) }
            #expect(file.count == 100 && file.written == 0)
        }
        try file.append(first.span)
        #expect(throws: SystemError.self) { try file.flush() }
        let rest = file.unwritten(0..<200)
        #expect(rest.bytes.array == first + first)
    }
}
