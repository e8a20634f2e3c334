import Configuration
import Server

/// The variables that nginx's core, proxy, upstream and log modules offer.
public enum StandardVariables: Feature {
    public struct Settings: Sendable {}
    public static let initial = Settings()
    public static let directives: [Directive<Settings>] = []
    public static let variables: [VariableDefinition] =
        ConnectionVariables.all + ProxyProtocolVariables.all + RequestVariables.all
        + ResponseVariables.all + UpstreamVariables.all
}
