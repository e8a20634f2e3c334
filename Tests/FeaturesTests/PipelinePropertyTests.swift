import TestSupport
import Testing

/// The fuzzers' seeds, and what becomes of them when bytes are changed.
@Suite struct PipelinePropertyTests {
    @Test func requestsArePassedOnAsOne() throws {
        let properties = try PipelineProperties()
        for input in Corpus.variations(of: "PassedRequest") { #expect(properties.request(input) == nil) }
        #expect(properties.written > 500)
    }

    @Test func responsesArePassedOnAsOne() throws {
        let properties = try PipelineProperties()
        for input in Corpus.variations(of: "PassedResponse") { #expect(properties.response(input) == nil) }
        #expect(properties.written > 1000)
    }

    @Test func valuesInLogsAreHarmless() {
        for input in Corpus.variations(of: "LogEscaping") { #expect(LogEscapeProperties.check(input) == nil) }
    }
}
