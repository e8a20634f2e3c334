import Platform

/// A loop object with a descriptor in the loop's epoll set.
///
/// Interest is lazy: what is wanted is widened at once, and narrowed only when the kernel reports something unwanted, so a
/// connection that reads, writes and reads again makes no `epoll_ctl` call.
open class Endpoint: LoopObject {
    private final var watched: Int32 = -1
    private final var armed: Readiness = []
    private final var wanted: Readiness = []

    /// Enters the epoll set.
    public final func watch(_ raw: Int32, _ interest: Readiness) throws(SystemError) {
        enroll()
        guard let ticket else { return }
        try loop.epoll.add(raw, interest, token: ticket.token)
        watched = raw
        armed = interest
        wanted = interest
    }

    /// Says what the descriptor is waited for from now on.
    public final func want(_ interest: Readiness) {
        wanted = interest
        if !armed.isSuperset(of: interest) { rearm() }
    }

    public final var isWatched: Bool { watched >= 0 }

    private func rearm() {
        guard watched >= 0, let ticket else { return }
        armed = wanted
        try? loop.epoll.change(watched, wanted, token: ticket.token)
    }

    /// Leaves the epoll set (a hang-up cannot be masked) and keeps its place in the table.
    public final func unwatch() {
        if watched >= 0 { loop.epoll.remove(watched) }
        watched = -1
        armed = []
    }

    /// To be called first in `ready`: takes off what nobody wants, and returns what is left.
    public final func filter(_ readiness: Readiness) -> Readiness {
        let failing = readiness.intersection([.hangUp, .error])
        let useful = readiness.intersection(wanted)
        if useful.isEmpty && failing.isEmpty { rearm() }
        return useful.union(failing)
    }

    /// Leaves the set and the table. The descriptor itself is closed by who owns it, right after.
    public final func detach() {
        watched = -1
        armed = []
        resign()
    }
}
