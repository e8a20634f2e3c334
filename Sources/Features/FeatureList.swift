import Configuration
import Server

/// The features of this server: the explicit list. A new feature is added here, and nowhere else.
package enum FeatureList {
    package static let all: [any Feature.Type] = [
        Structure.self,
        ProcessFeature.self,
        ErrorLogging.self,
        Listen.self,
        ServerNames.self,
        RequestReading.self,
        Persistence.self,
        Sending.self,
        ErrorPages.self,
        AddressAccess.self,
    ]

    /// Every directive, with those that are refused and those that are accepted without an effect.
    package static var registry: DirectiveRegistry {
        DirectiveRegistry(all, refused: KnownDirectives.refused, harmless: KnownDirectives.harmless)
    }
}
