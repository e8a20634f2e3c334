import Configuration

/// Calls the hooks of all features, each with its own settings, in the order of the list.
struct FeatureHooks {
    let features: [any Feature.Type]

    /// Every variable that some feature offers.
    var variables: [VariableDefinition] { features.flatMap { $0.variables } }

    func install(from block: Block, in site: SiteBuilder) throws(Diagnostic) {
        for feature in features { try FeatureHooks.site(feature, block, site) }
    }

    func install(in server: inout ServerPlanBuilder) throws(Diagnostic) {
        for feature in features { try FeatureHooks.server(feature, &server) }
    }

    func install(in plan: inout LocationPlanBuilder) throws(Diagnostic) {
        for feature in features { try FeatureHooks.location(feature, &plan) }
    }

    /// `block` is the innermost block of the process's own directives: `events`, which inherits from the main block.
    func install(from block: Block, in process: inout ProcessPlan) throws(Diagnostic) {
        for feature in features { try FeatureHooks.process(feature, block, &process) }
    }

    private static func site<F: Feature>(_ feature: F.Type, _ block: Block, _ site: SiteBuilder) throws(Diagnostic) {
        try feature.install(block.settings(feature), from: block, in: site)
    }

    private static func server<F: Feature>(_ feature: F.Type, _ server: inout ServerPlanBuilder) throws(Diagnostic) {
        try feature.install(server.block.settings(feature), in: &server)
    }

    private static func location<F: Feature>(_ feature: F.Type, _ plan: inout LocationPlanBuilder) throws(Diagnostic) {
        try feature.install(plan.block.settings(feature), in: &plan)
    }

    private static func process<F: Feature>(
        _ feature: F.Type, _ block: Block, _ process: inout ProcessPlan
    ) throws(Diagnostic) {
        try feature.install(block.settings(feature), in: &process)
    }
}
