/// The list of what a run left out, in the file that ZENDAN_SKIPS names: shown by Scripts/test, a failure in CI.
public enum Skips {
    private static let known = Guarded<Set<String>>([])

    /// Records a reason, once in each process.
    public static func record(_ reason: String) {
        let isNew = known.with { $0.insert(reason).inserted }
        if isNew { Environment.append(line: reason, toFileNamedBy: "ZENDAN_SKIPS") }
    }
}
