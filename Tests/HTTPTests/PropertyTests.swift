import Bytes
import FoundationEssentials
import HTTP
import TestSupport
import Testing

@Suite("Properties of the decoders")
struct PropertyTests {
    /// A name for each kind of check, which is also the folder of its seeds.
    enum Kind: String, CaseIterable, Sendable {
        case requests = "RequestDecoder"
        case responses = "ResponseDecoder"
        case bodies = "ChunkedDecoder"
        case values = "FieldValues"
        case proxyHeaders = "ProxyHeader"
        case forwarded = "ForwardedAddress"

        func check(_ input: [UInt8]) -> String? {
            switch self {
            case .requests: DecoderProperties.request(input)
            case .responses: DecoderProperties.response(input)
            case .bodies: DecoderProperties.chunked(input)
            case .values: DecoderProperties.fieldValue(input)
            case .proxyHeaders: ProxyProperties.header(input)
            case .forwarded: ProxyProperties.forwarded(input)
            }
        }

        /// The seeds and past crashes.
        var corpus: [[UInt8]] {
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            let folder = tests.appending(path: "Corpus/\(rawValue)")
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.sorted().compactMap { (try? Data(contentsOf: folder.appending(path: $0))).map(Array.init) }
        }
    }

    @Test("The corpus", arguments: Kind.allCases)
    func corpus(kind: Kind) {
        #expect(!kind.corpus.isEmpty)
        for input in kind.corpus { #expect(kind.check(input) == nil) }
    }

    @Test("Random bytes", arguments: Kind.allCases)
    func randomBytes(kind: Kind) {
        var numbers = Numbers(seed: 1)
        for _ in 0..<300 {
            let input = (0..<numbers.next(below: 60)).map { _ in UInt8(numbers.next(below: 256)) }
            #expect(kind.check(input) == nil)
        }
    }

    @Test("Seeds with bytes changed, removed, doubled and joined", arguments: Kind.allCases)
    func mutations(kind: Kind) {
        var numbers = Numbers(seed: 2)
        let corpus = kind.corpus
        let telling = bytes("\r\n :/.%?#,;\"=0a\u{0}\u{7f}*-")
        for _ in 0..<600 {
            var input = numbers.pick(corpus)
            for _ in 0...numbers.next(below: 3) where !input.isEmpty {
                let place = numbers.next(below: input.count)
                switch numbers.next(below: 5) {
                case 0: input[place] = numbers.pick(telling)
                case 1: input.insert(numbers.pick(telling), at: place)
                case 2: input.remove(at: place)
                case 3: input.insert(contentsOf: input[place...].prefix(8), at: place)
                default: input = Array(input.prefix(place)) + numbers.pick(corpus).dropFirst(place)
                }
            }
            #expect(kind.check(input) == nil)
        }
    }

    @Test("A whole request cut at every pair of places")
    func everyCut() {
        let request = bytes("\r\nGET /a/./b?c HTTP/1.1\r\nHost: x:1\r\nX:  y \r\nContent-Length: 3\r\n\r\nabc")
        let whole = decode(request)
        #expect(whole.summary?.path == "/a/b")
        for first in 0...request.count {
            for second in first...request.count { #expect(decode(request, cuts: [first, second]) == whole) }
        }
        #expect(decode(request, cuts: Array(0..<request.count)) == whole)
    }
}
