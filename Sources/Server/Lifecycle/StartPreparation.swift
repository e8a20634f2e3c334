import Configuration
import Observability
import Platform

/// From an accepted bundle to a delivery: opens sockets and logs, makes directories. All that takes rights.
struct StartPreparation {
    /// Why a start, or a reload, cannot go on.
    struct Failure: Error {
        let message: String
    }

    var sockets = OpenSockets()
    var logs = OpenLogs()
    var inherited = InheritedSockets()
    private(set) var generation = 0
    private var tickets = TicketSecrets()

    /// Prepares a configuration; on failure everything is as it was.
    mutating func prepare(_ bundle: Bundle, warn: (String) -> Void) throws(Failure) -> Delivery {
        let plan = bundle.plan
        for failure in WorkingDirectories.prepare(plan.directories, for: plan.account) {
            if failure.isGrave { throw Failure(message: failure.message) }
            warn(failure.message)
        }
        var paths = plan.logs
        if let path = bundle.options.errorLogPath, !paths.contains(path) { paths.append(path) }
        let newLogs: OpenLogs
        let newSockets: OpenSockets
        do throws(OpenLogs.Failure) {
            newLogs = try logs.reopened(for: paths)
        } catch {
            throw Failure(message: error.message)
        }
        var attempts = 0
        do throws(OpenSockets.Failure) {
            newSockets = try sockets.reopened(for: plan.sockets, loopCount: plan.loopCount, inherited: &inherited) { failure in
                attempts += 1
                if attempts > 5 { return false }
                warn(failure.message + ", trying again")
                Threads.sleep(milliseconds: 500)
                return true
            }
        } catch {
            throw Failure(message: error.message)
        }
        sockets.removeFiles(notIn: newSockets)
        sockets = newSockets
        logs = newLogs
        generation += 1
        return Delivery(
            generation: generation, bundle: bundle, sockets: newSockets, logs: newLogs,
            ticketSecret: tickets.secret(for: bundle.tlsNeeds))
    }
}

/// What a process begins with. Moved and never copied: a frame that still had it would keep every log and socket of the first
/// configuration open for good.
struct Prepared: ~Copyable {
    let preparation: StartPreparation
    let delivery: Delivery
}
