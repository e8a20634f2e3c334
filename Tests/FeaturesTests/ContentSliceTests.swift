import Bytes
import Server
import Testing

@testable import Features

/// Ranges cut out of content.
@Suite struct ContentSliceTests {
    @Test func aPartOfAPart() {
        let bytes = FrozenBytes("hello world")
        guard case .memory(let owner, let range) = Content.memory(bytes, 6..<11).slice(1..<3) else {
            Issue.record("memory stays memory")
            return
        }
        #expect(owner === bytes)
        #expect(range == 7..<9)
    }

    @Test func nothingHasNoParts() {
        #expect(Content.empty.slice(1..<3).count == 0)
    }
}
