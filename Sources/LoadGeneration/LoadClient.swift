import EventLoops
import Platform

/// One visitor: takes a unit when it is due, makes its requests, and comes back for the next.
final class LoadClient: Parking {
    private let load: LoadLoop
    /// Set by the loop that wakes an idle client: its unit, or nil when there is no more.
    private var assignment: Arrival?
    private var isAssigned = false
    private var keptLanes: [Lane] = []
    private var newLanes: [Lane] = []

    init(load: LoadLoop) {
        self.load = load
        super.init(loop: load.loop)
    }

    /// Gives an idle client its next unit, or sends it home.
    func assign(_ arrival: Arrival?) {
        assignment = arrival
        isAssigned = true
        wake(.work)
    }

    /// Works until there is nothing more to do.
    func run() async {
        while let arrival = await next() {
            await perform(load.pick(), for: arrival)
        }
        for lane in keptLanes + newLanes { lane.finish() }
        resign()
        load.clientFinished()
    }

    private func next() async -> Arrival? {
        switch load.take() {
        case .due(let arrival): return arrival
        case .over: return nil
        case .later:
            isAssigned = false
            load.enterIdle(self)
            while !isAssigned { _ = await park(until: .max) }
            return assignment
        }
    }

    private func perform(_ unit: UnitImage, for arrival: Arrival) async {
        let started = Clock.monotonicNanoseconds()
        let view = View(unit: unit, isMeasured: arrival.isMeasured)
        let lanes = lanes(for: unit)
        await work(view, lanes[0], upTo: 1)
        if view.isGood, unit.requests.count > 1 {
            for lane in lanes.dropFirst() {
                view.running += 1
                loop.start { [self] in
                    await work(view, lane, upTo: unit.requests.count)
                    view.running -= 1
                    wake(.work)
                }
            }
            await work(view, lanes[0], upTo: unit.requests.count)
            while view.running > 0 { _ = await park(until: .max) }
        }
        if unit.connections == .new { for lane in lanes { lane.close() } }
        load.record(view, arrival, started: started)
        if case .failure(.connect) = view.worst, case .closed = load.plan.pace {
            // A refused connection costs no time: without a pause a client would do nothing but be refused.
            _ = await park(until: loop.now + 10)
        }
    }

    /// Fetches the view's next requests on `lane` until `limit` of them have been taken.
    private func work(_ view: View, _ lane: Lane, upTo limit: Int) async {
        while view.next < limit {
            let request = view.unit.requests[view.next]
            view.next += 1
            let outcome = await lane.perform(request, deadline: load.deadline())
            view.finished = max(view.finished, outcome.finished)
            view.take(outcome.result)
            if view.isMeasured { load.statistics.record(outcome) }
        }
    }

    private func lanes(for unit: UnitImage) -> [Lane] {
        let count = max(1, min(unit.parallel, unit.requests.count - 1))
        let isNew = unit.connections == .new
        while (isNew ? newLanes : keptLanes).count < count {
            let lane = Lane(load: load)
            if isNew { newLanes.append(lane) } else { keptLanes.append(lane) }
        }
        return Array((isNew ? newLanes : keptLanes).prefix(count))
    }
}

/// A unit, ready to be sent.
struct UnitImage: Sendable {
    let connections: LoadUnit.Connections
    let parallel: Int
    let requests: [RequestImage]

    init(_ unit: LoadUnit, host: String) {
        connections = unit.connections
        parallel = unit.parallel
        requests = unit.requests.map { RequestImage($0, host: host) }
    }
}

/// A unit while it is fetched.
final class View {
    let unit: UnitImage
    let isMeasured: Bool
    /// Position of the next request.
    var next = 0
    /// Lanes at work beside the first.
    var running = 0
    var finished: Int64 = 0
    /// The first failure, or the highest status.
    private(set) var worst = Result<Int, LoadFailure>.success(0)

    init(unit: UnitImage, isMeasured: Bool) {
        self.unit = unit
        self.isMeasured = isMeasured
    }

    var isGood: Bool {
        if case .success(let status) = worst { return status < 400 }
        return false
    }

    func take(_ result: Result<Int, LoadFailure>) {
        guard case .success(let before) = worst else { return }
        if case .success(let status) = result { worst = .success(max(before, status)) } else { worst = result }
    }
}
