import Platform

/// Makes the directories of caches and temporary files and gives them to the worker's user.
public enum WorkingDirectories {
    /// Why a directory cannot be used.
    public struct Failure: Error, Sendable {
        public let path: String
        public let call: String
        public let error: SystemError
        /// False: only a default of ours, which need not be there.
        public let isGrave: Bool

        public var message: String { "\(call) \"\(path)\" failed (\(error))" }
    }

    /// Makes what is missing (mode 0700, as nginx) and changes owners where they differ. Returns what failed.
    public static func prepare(_ plans: [DirectoryPlan], for account: ProcessControl.Account?) -> [Failure] {
        var failures: [Failure] = []
        for plan in plans {
            var call = "mkdir()"
            do throws(SystemError) {
                if let parent = parent(of: plan.path) { try Directory.createAll(parent) }
                try Directory.create(plan.path, mode: 0o700)
                call = "chown()"
                if let account {
                    let status = try File.status(plan.path)
                    if status.owner != account.user {
                        try File.changeOwner(plan.path, user: account.user, group: UInt32.max)
                    }
                }
            } catch {
                failures.append(Failure(path: plan.path, call: call, error: error, isGrave: plan.isStated))
            }
        }
        return failures
    }

    private static func parent(of path: String) -> String? {
        let name = path.hasSuffix("/") ? path.dropLast() : path[...]
        guard let slash = name.lastIndex(of: "/"), slash != name.startIndex else { return nil }
        return String(name[..<slash])
    }
}
