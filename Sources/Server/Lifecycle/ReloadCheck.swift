import Platform

/// The checks of a configuration that HUP asks for: each in a process of its own, one at a time. Asked for again meanwhile, it
/// is read once more afterwards, for its files may have changed since.
struct ReloadCheck {
    private var running: CheckProcess?
    private var isWantedAgain = false

    /// Starts a check of what `options` name. Errors: no process can be started.
    mutating func start(_ options: LaunchOptions) throws(SystemError) {
        if running != nil {
            isWantedAgain = true
            return
        }
        running = try CheckProcess.start(options)
    }

    /// What came of the check, if it was its process that ended.
    mutating func ended(_ process: Int32, _ ending: ProcessControl.Ending) -> ConfigurationCheck.Outcome? {
        guard let check = running, check.pid == process else { return nil }
        running = nil
        return check.outcome(ending)
    }

    /// Whether another check was asked for while this one ran; told once.
    mutating func takeWish() -> Bool {
        defer { isWantedAgain = false }
        return isWantedAgain
    }
}
