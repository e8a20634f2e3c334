import TestSupport
import Testing

/// The seeds of the fuzzer, and what becomes of them when they are cut or changed.
@Suite(.needs(.openssl)) struct HandshakePropertyTests {
    @Test func whateverComesIsAnsweredInWholeRecords() throws {
        let context = try Contexts.server()
        for input in Corpus.inputs(of: "TLSHandshake") {
            for place in stride(from: 0, to: input.count, by: 7) {
                let broken = HandshakeProperties.server(Array(input[...place]), context)
                #expect(broken == nil, "\(broken ?? "") \(place)")
                var other = input
                other[place] ^= 0xFF
                #expect(HandshakeProperties.server(other, context) == nil)
            }
            #expect(TLSHandshakeFuzz.check(input) == nil)
        }
    }
}
