import Bytes
import CZlib
import Testing

@testable import Compression

/// Decodes a whole gzip body with zlib; nil when it is damaged. `isWhole` tells whether the trailer was there and right.
func gunzip(_ body: [UInt8]) -> (text: [UInt8], isWhole: Bool)? {
    var stream = unsafe z_stream()
    guard unsafe inflateInit2_(&stream, 15 + 16, zlibVersion(), CInt(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { unsafe _ = inflateEnd(&stream) }
    var input = body
    var text: [UInt8] = []
    var output = [UInt8](repeating: 0, count: 1 << 16)
    let inputCount = UInt32(input.count)
    let outputCount = UInt32(output.count)
    return unsafe input.withUnsafeMutableBufferPointer { source in
        unsafe stream.next_in = source.baseAddress
        unsafe stream.avail_in = inputCount
        while true {
            let result = unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = outputCount
                return unsafe inflate(&stream, Z_NO_FLUSH)
            }
            let got = unsafe Int(outputCount - stream.avail_out)
            text.append(contentsOf: output[0..<got])
            if result == Z_STREAM_END { return unsafe (text, stream.avail_in == 0) }
            if result == Z_BUF_ERROR { return (text, false) }
            if result != Z_OK { return nil }
            if got == 0, unsafe stream.avail_in == 0 { return (text, false) }
        }
    }
}

/// Encodes `pieces` through blocks of `room` bytes; every piece is flushed with `flush`, the last ends the body.
func gzip(_ pieces: [[UInt8]], room: Int, flush: GzipEncoder.Flush = .none, _ encoder: GzipEncoder) throws -> [UInt8] {
    var body: [UInt8] = []
    let block = ByteBuffer(capacity: room)
    for (number, piece) in pieces.enumerated() {
        let isLast = number == pieces.count - 1
        var consumed = 0
        while true {
            block.clear()
            let status = try encoder.process(piece.span, consumed: &consumed, into: block, flush: isLast ? .finish : flush)
            #expect(consumed <= piece.count)
            body.append(contentsOf: block.bytes.array)
            if status == .needsRoom { continue }
            #expect(consumed == piece.count)
            #expect((status == .finished) == isLast)
            break
        }
    }
    return body
}

@Suite("gzip encoder")
struct GzipEncoderTests {
    static func text(_ count: Int, random: Bool = false) -> [UInt8] {
        if random {
            var generator = SystemRandomNumberGenerator()
            return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        let line = Array("body { margin: 0; padding: 0 }\n".utf8)
        return (0..<count).map { line[$0 % line.count] }
    }

    @Test("a body comes back, whatever its size, level, and the room there was", arguments: [1, 6, 9], [1, 7, 4096])
    func roundTrip(level: Int, room: Int) throws {
        for count in [0, 1, 20, 1000, 40_000] {
            for random in [false, true] {
                let text = Self.text(count, random: random)
                let encoder = try GzipEncoder(level: level, expectedLength: count)
                let body = try gzip([text], room: room, encoder)
                let decoded = try #require(gunzip(body))
                #expect(decoded.text == text)
                #expect(decoded.isWhole)
                #expect(Array(body.prefix(3)) == [0x1f, 0x8b, 8])
                if !random, count == 40_000 { #expect(body.count < count / 20) }
            }
        }
    }

    @Test("a body in pieces")
    func pieces() throws {
        for flush in [GzipEncoder.Flush.none, .sync] {
            let pieces = [Self.text(1), [], Self.text(5000, random: true), Self.text(70_000), Self.text(3), []]
            let body = try gzip(pieces, room: 512, flush: flush, try GzipEncoder(level: 4))
            let decoded = try #require(gunzip(body))
            #expect(decoded.text == pieces.flatMap { $0 })
            #expect(decoded.isWhole)
        }
    }

    @Test("after a sync flush the reader can decode all that was put in; without, it cannot")
    func sync() throws {
        let text = Self.text(500)
        for (flush, expected) in [(GzipEncoder.Flush.sync, 500), (.none, 0)] {
            let encoder = try GzipEncoder(level: 1)
            let block = ByteBuffer(capacity: 4096)
            var consumed = 0
            #expect(try encoder.process(text.span, consumed: &consumed, into: block, flush: flush) == .needsInput)
            #expect(consumed == 500)
            let decoded = try #require(gunzip(block.bytes.array))
            #expect(decoded.text.count == expected)
            #expect(!decoded.isWhole)
            // Flushing again says nothing more.
            let size = block.count
            if flush == .sync {
                let nothing: [UInt8] = []
                var none = 0
                #expect(try encoder.process(nothing.span, consumed: &none, into: block, flush: .sync) == .needsInput)
                #expect(block.count == size)
            }
        }
    }

    @Test("without room nothing is lost")
    func noRoom() throws {
        let text = Self.text(100)
        let encoder = try GzipEncoder(level: 1)
        let full = ByteBuffer(capacity: 1)
        full.append(0)
        var consumed = 0
        #expect(try encoder.process(text.span, consumed: &consumed, into: full, flush: .finish) == .needsRoom)
        #expect(consumed == 0)
        let block = ByteBuffer(capacity: 4096)
        #expect(try encoder.process(text.span, consumed: &consumed, into: block, flush: .finish) == .finished)
        #expect(gunzip(block.bytes.array)?.text == text)
        #expect(try encoder.process(text.span, consumed: &consumed, into: block, flush: .finish) == .finished)
    }

    @Test("parameters out of range are refused")
    func refused() {
        for (level, window, memory) in [(10, 15, 8), (-1, 15, 8), (1, 8, 8), (1, 16, 8), (1, 15, 0), (1, 15, 10)] {
            #expect(throws: CompressionError.invalidParameters) {
                _ = try GzipEncoder(level: level, windowBits: window, memoryLevel: memory)
            }
        }
    }

    @Test("a short body takes a small window")
    func fit() {
        #expect(GzipEncoder.fit(windowBits: 15, memoryLevel: 8, to: nil) == (15, 8))
        #expect(GzipEncoder.fit(windowBits: 15, memoryLevel: 8, to: 100_000) == (15, 8))
        #expect(GzipEncoder.fit(windowBits: 15, memoryLevel: 8, to: 20) == (9, 2))
        #expect(GzipEncoder.fit(windowBits: 15, memoryLevel: 8, to: 1000) == (11, 4))
        #expect(GzipEncoder.fit(windowBits: 12, memoryLevel: 1, to: 20) == (9, 1))
        #expect(GzipEncoder.memory() == 131_072 + 131_072 + 8192)
    }

    @Test("every window and memory level works")
    func parameters() throws {
        let text = Self.text(3000, random: true) + Self.text(3000)
        for window in 9...15 {
            for memory in 1...9 {
                let encoder = try GzipEncoder(level: 6, windowBits: window, memoryLevel: memory)
                #expect(gunzip(try gzip([text], room: 333, encoder))?.text == text)
            }
        }
    }
}
