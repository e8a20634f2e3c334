import Bytes
import HTTP
import Testing

/// Feeds `content` in parts cut at `cuts`; returns the body, what stood behind it, and whether it ended, or the status.
private func readChunked(
    _ content: [UInt8], cuts: [Int] = [], keepsTrailers: Bool = false
) -> Outcome<[String]> {
    var decoder = ChunkedDecoder(keepsTrailers: keepsTrailers)
    var body: [UInt8] = []
    var start = 0
    for end in cuts + [content.count] {
        let part = content.span.extracting(start..<end)
        var offset = 0
        reading: while true {
            do throws(RequestFailure) {
                switch try decoder.next(part, at: &offset) {
                case .data(let range): body.append(part.extracting(range))
                case .needMore: break reading
                case .end:
                    let rest = content.span.extracting((start + offset)..<content.count).text
                    let trailers = decoder.trailers
                    let lines = trailers.slots.map { "\(trailers.spelling($0).text): \(trailers.value($0).text)" }
                    return .complete([text(body), rest] + lines)
                }
            } catch { return .failed(error.status) }
        }
        start = end
    }
    return .incomplete
}

@Suite("Chunked transfer coding")
struct ChunkedDecoderTests {
    @Test(
        "Bodies",
        arguments: [
            ("5\r\nhello\r\n0\r\n\r\nrest", "hello", "rest"), ("0\r\n\r\n", "", ""), ("000\r\n\r\nx", "", "x"),
            ("5;a=b\r\nhello\r\n6 \r\n world\r\n0;x\r\n\r\n", "hello world", ""),
            ("A\r\n0123456789\r\n0\r\nX: y\r\n\r\n", "0123456789", ""),
            ("a\r\n0123456789\r\n0\t\r\nX: y\r\nZ:\r\n\r\nGET", "0123456789", "GET"), ("2;q=\"\n", nil, ""),
        ] as [(String, String?, String)])
    func bodies(input: String, body: String?, rest: String) {
        guard let body else { return #expect(readChunked(bytes(input)).status == 400) }
        #expect(readChunked(bytes(input)).summary == [body, rest])
    }

    @Test(
        "Framing that is refused",
        arguments: [
            "\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1\n", "1\rx", "1g\r\n", "1\r\na\n", "1\r\nab",
            "1\r\na\rb",
            "1\r\na\n0\r\n\r\n", "0\n\r\n", "0\r\n\n", "0\r\nX: y\n\r\n", "0\r\nX: y\rz", "0\r\n\rx", "8000000000000000\r\n",
            "fffffffffffffffff\r\n", "1;\n",
        ])
    func refused(input: String) {
        #expect(readChunked(bytes(input)).status == 400)
    }

    @Test("The largest sizes do not overflow")
    func largeSizes() throws {
        var decoder = ChunkedDecoder()
        let content = bytes("7fffffffffffffff\r\nabc")
        var offset = 0
        do throws(RequestFailure) {
            let piece = try decoder.next(content.span, at: &offset)
            #expect(piece == .data(18..<21))
            #expect(decoder.remainingInChunk == Int.max - 3)
        } catch { #expect(error.status == 400) }
    }

    @Test("Size lines and trailers are bounded")
    func bounds() {
        #expect(readChunked(bytes("1;" + String(repeating: "x", count: 5000))).status == 400)
        #expect(readChunked(bytes(String(repeating: "0", count: 5000))).status == 400)
        #expect(readChunked(bytes("0\r\n" + String(repeating: "X: y\r\n", count: 5000))).status == 400)
        #expect(readChunked(bytes("0\r\n" + String(repeating: "X", count: 20000))).status == 400)
    }

    @Test("Trailers are kept when asked for, framing fields never")
    func trailers() {
        let input = bytes("0\r\nX-Sum: 1 \r\nContent-Length: 3\r\nHost: x\r\nx.y:z\r\n\r\n")
        #expect(readChunked(input, keepsTrailers: true).summary == ["", "", "X-Sum: 1", "x.y: z"])
        #expect(readChunked(bytes("0\r\nno colon\r\n\r\n"), keepsTrailers: true).status == 400)
        #expect(readChunked(bytes("0\r\nA: \u{1}\r\n\r\n"), keepsTrailers: true).status == 400)
    }

    @Test("Cut anywhere, the body is the same")
    func splitting() {
        let input = bytes("5;a=b\r\nhello\r\n0006\r\n world\r\n0\r\nX: y\r\n\r\nrest")
        let whole = readChunked(input, keepsTrailers: true)
        #expect(whole.summary == ["hello world", "rest", "X: y"])
        for first in 0...input.count {
            for second in stride(from: first, through: input.count, by: 3) {
                #expect(readChunked(input, cuts: [first, second], keepsTrailers: true) == whole)
            }
        }
        #expect(readChunked(input, cuts: Array(0..<input.count), keepsTrailers: true) == whole)
    }

    @Test("An upstream's mistake is a 502")
    func upstreamStatus() {
        var decoder = ChunkedDecoder(isResponse: true)
        var offset = 0
        let content = bytes("zz")
        #expect(throws: RequestFailure.self) {
            do throws(RequestFailure) { _ = try decoder.next(content.span, at: &offset) } catch {
                #expect(error.status == 502)
                throw error
            }
        }
    }
}

@Suite("Bodies by their framing")
struct BodyDecoderTests {
    /// Reads what there is; the body so far and where the decoder stopped.
    private func read(_ decoder: inout BodyDecoder, _ content: String) throws(RequestFailure) -> (String, Int, Bool) {
        let input = bytes(content)
        var offset = 0
        var body: [UInt8] = []
        while true {
            switch try decoder.next(input.span, at: &offset) {
            case .data(let range): body.append(input.span.extracting(range))
            case .needMore: return (text(body), offset, false)
            case .end: return (text(body), offset, true)
            }
        }
    }

    @Test("Length")
    func length() throws {
        var decoder = BodyDecoder.of(length: 5)
        #expect(try read(&decoder, "abc") == ("abc", 3, false))
        #expect(!decoder.isComplete && decoder.remaining == 2)
        #expect(try read(&decoder, "defg") == ("de", 2, true))
        #expect(decoder.isComplete)
        #expect(BodyDecoder.of(length: 0).isComplete)
        var short = BodyDecoder.of(length: 5)
        let isWhole = short.connectionClosed()
        #expect(!isWhole)
    }

    @Test("Until the connection closes")
    func untilClose() throws {
        var decoder = BodyDecoder.untilClose
        #expect(try read(&decoder, "abc") == ("abc", 3, false))
        #expect(!decoder.isComplete)
        let isWhole = decoder.connectionClosed()
        #expect(isWhole)
        #expect(decoder.isComplete)
    }

    @Test("Chunked, and its trailers")
    func chunked() throws {
        var decoder = BodyDecoder.chunked(ChunkedDecoder(keepsTrailers: true))
        #expect(try read(&decoder, "3\r\nabc\r\n0\r\nX: y\r") == ("abc", 16, false))
        #expect(try read(&decoder, "\n\r\nGET") == ("", 3, true))
        #expect(decoder.isComplete && decoder.trailers?.count == 1)
        var cut = BodyDecoder.chunked(ChunkedDecoder())
        #expect(try read(&cut, "3\r\nab") == ("ab", 5, false))
        let isWhole = cut.connectionClosed()
        #expect(!isWhole)
    }
}
