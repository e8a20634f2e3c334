import Configuration

/// What this build can do: its features and the directives they bring. The main program makes it; everything here only
/// passes it on.
public struct Program: Sendable {
    public let features: [any Feature.Type]
    public let registry: DirectiveRegistry

    /// - Parameters:
    ///   - refused: nginx's directives that this build does not have, with the reason.
    ///   - harmless: directives accepted without effect, with the reason.
    public init(features: [any Feature.Type], refused: [String: String], harmless: [String: String]) {
        self.features = features
        registry = DirectiveRegistry(features, refused: refused, harmless: harmless)
    }
}
