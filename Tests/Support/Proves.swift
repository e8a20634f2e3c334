#if canImport(Testing)
    import Testing

    /// Says which directives' effects a test demonstrates: taken away (ZENDAN_WITHOUT), the test must fail. Scripts/prove
    /// holds it to that. Each use is written to the file that ZENDAN_PROVES names: directive, tab, test that ran (`-` when the
    /// test is only declared, so that one can tell a test that was left out from one that does not exist). Stands behind a
    /// condition that may leave the test out.
    public struct ProvesTrait: TestTrait, SuiteTrait {
        let directives: [String]

        public func prepare(for test: Test) async throws {
            for directive in directives {
                Environment.append(line: "\(directive)\t\(test.id)", toFileNamedBy: "ZENDAN_PROVES")
            }
        }
    }

    extension Trait where Self == ProvesTrait {
        /// `@Test(.proves("gzip", "gzip_types"))`
        public static func proves(_ directives: String...) -> Self {
            for directive in directives { Environment.append(line: "\(directive)\t-", toFileNamedBy: "ZENDAN_PROVES") }
            return ProvesTrait(directives: directives)
        }
    }

    extension Front: CustomTestStringConvertible {
        public var testDescription: String { rawValue }
    }
#endif
