import Configuration

/// A feature: directives, and what they make the server do.
///
/// `install` is the only way from settings to behaviour. The three hooks are called at load time, in the order site,
/// server, location; a feature implements those it needs.
public protocol Feature: DirectiveSet {
    /// Variables that the feature offers.
    static var variables: [VariableDefinition] { get }

    /// What the `http` block (and blocks in it that are not servers) makes of the whole site. `block` is the http block.
    static func install(_ settings: Settings, from block: Block, in site: SiteBuilder) throws(Diagnostic)

    /// What a server does before a location is known.
    static func install(_ settings: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic)

    /// What a location does. Called for each location, and for the server itself (requests that no location matches).
    static func install(_ settings: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic)

    /// What the process does: the settings of the main block.
    static func install(_ settings: Settings, in process: inout ProcessPlan) throws(Diagnostic)
}

extension Feature {
    public static var variables: [VariableDefinition] { [] }
    public static func install(_ settings: Settings, from block: Block, in site: SiteBuilder) throws(Diagnostic) {}
    public static func install(_ settings: Settings, in server: inout ServerPlanBuilder) throws(Diagnostic) {}
    public static func install(_ settings: Settings, in plan: inout LocationPlanBuilder) throws(Diagnostic) {}
    public static func install(_ settings: Settings, in process: inout ProcessPlan) throws(Diagnostic) {}
}
