import Platform
import Testing

struct StartMemoryTests {
    /// What is given back comes again: the process goes on as before, and has its text where it was.
    @Test func theTextComesAgain() throws {
        let text = try #require(StartMemory.ownText())
        #expect(text.count > 4096 && text.lowerBound % 4096 == 0)
        for _ in 0..<3 {
            StartMemory.release()
            #expect(StartMemory.ownText() == text)
        }
    }
}
