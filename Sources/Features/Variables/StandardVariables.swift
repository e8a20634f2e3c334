import Configuration
import Server

/// The variables that nginx's core, proxy, upstream and log modules offer.
package enum StandardVariables: Feature {
    package struct Settings: Sendable {}
    package static let initial = Settings()
    package static let directives: [Directive<Settings>] = []
    package static let variables: [VariableDefinition] =
        ConnectionVariables.all + RequestVariables.all + ResponseVariables.all + UpstreamVariables.all
}
