import Bytes
import EventLoops
import Platform
import TestSupport
import Testing

@Suite("Descriptors in a loop")
struct EndpointTests {
    @Test("only what is wanted is reported; wanting it again brings back what came meanwhile")
    func interest() throws {
        let result = try onLoop { loop in
            let ends = try Ends()
            let probe = Probe(loop: loop)
            try probe.watch(ends.first.rawValue, .readable)
            try ends.write("a")
            // Level-triggered: reported again and again until it is read or no longer wanted.
            probe.onCall = { if $0.ready.count == 3 { $0.want([]) } }
            let reported = await loop.turnUntil { probe.ready.count == 3 }
            let turns = Probe(loop: loop)
            loop.atEndOfTurn(turns)
            _ = await loop.turnUntil { turns.turns == 1 }
            let silent = probe.ready.count
            // One call more tells the kernel to be silent; without that the loop would spin.
            let calls = probe.calls
            let now = loop.now
            _ = await loop.turnUntil { loop.now > now + 5 }
            let isQuiet = probe.calls == calls && calls <= 4
            probe.onCall = { $0.want(.writable) }
            probe.want(.readable)
            let back = await loop.turnUntil { probe.ready.contains(.writable) }
            probe.detach()
            return (reported, silent, back && isQuiet, probe.isWatched, probe.ticket == nil)
        }
        #expect(result.0 && result.1 == 3 && result.2 && !result.3 && result.4)
    }

    @Test("the end of the peer is told apart from its silence, whatever is wanted")
    func hangUp() throws {
        let seen = try onLoop { loop in
            var ends: Ends? = try Ends()
            guard let first = ends?.first else { return Readiness() }
            let probe = Probe(loop: loop)
            try probe.watch(first.rawValue, [])
            probe.onCall = { $0.unwatch() }
            ends = nil
            _ = await loop.turnUntil { !probe.ready.isEmpty }
            return probe.ready.first ?? []
        }
        #expect(seen.contains(.hangUp))
    }

    @Test("an event for an object that left in the same turn reaches nobody, not even who has its place now")
    func staleEvents() throws {
        let calls = try onLoop { loop in
            let ends = [try Ends(), try Ends()]
            var probes: [Probe] = []
            var successors: [Probe] = []
            for end in ends {
                let probe = Probe(loop: loop)
                try probe.watch(end.first.rawValue, .readable)
                probes.append(probe)
            }
            for (index, probe) in probes.enumerated() {
                probe.onCall = { probe in
                    let other = probes[1 - index]
                    other.unwatch()
                    other.resign()
                    let successor = Probe(loop: loop)
                    successor.enroll()
                    successors.append(successor)
                    probe.unwatch()
                }
            }
            // Both are readable before the loop looks.
            for end in ends { try end.write("x") }
            _ = await loop.turnUntil { !successors.isEmpty }
            let turn = Probe(loop: loop)
            loop.atEndOfTurn(turn)
            _ = await loop.turnUntil { turn.turns == 1 }
            return (probes.map { $0.ready.count }.sorted(), successors.map { $0.ready.count })
        }
        #expect(calls.0 == [0, 1] && calls.1 == [0])
    }

    @Test("an acceptor hands over each connection with its peer, and nothing after it was closed")
    func accepting() throws {
        let result = try onLoop { loop in
            let socket = SharedDescriptor(
                try Socket.listen(on: .v4(.loopback, port: 0), backlog: 16, reusePort: false, ipv6Only: true))
            guard let address = Socket.localAddress(socket.rawValue) else { return (0, false, 0, false) }
            var peers: [SocketAddress] = []
            var connections: [SharedDescriptor] = []
            let acceptor = try Acceptor(loop: loop, socket: socket, isShared: true) { descriptor, peer in
                connections.append(SharedDescriptor(descriptor))
                peers.append(peer)
            } onFailure: { _ in
                peers = []
            }
            var clients: [SharedDescriptor] = []
            for _ in 0..<5 {
                let client = SharedDescriptor(try Socket.stream(address.family))
                _ = try Socket.connect(client.rawValue, to: address)
                clients.append(client)
            }
            _ = await loop.turnUntil { peers.count == 5 }
            let locals = clients.compactMap { Socket.localAddress($0.rawValue) }
            let samePeers = Set(locals) == Set(peers)
            acceptor.close()
            var turns = 0
            loop.afterTurn = { turns += 1 }
            let late = SharedDescriptor(try Socket.stream(address.family))
            _ = try Socket.connect(late.rawValue, to: address)
            let turn = Probe(loop: loop)
            loop.atEndOfTurn(turn)
            _ = await loop.turnUntil { turn.turns == 1 }
            let now = loop.now
            _ = await loop.turnUntil { loop.now > now + 30 }
            // A descriptor left in the set would wake the loop again and again.
            let isQuiet = turns < 200
            return (connections.count, samePeers, peers.count, acceptor.ticket == nil && isQuiet)
        }
        #expect(result.0 == 5 && result.1 && result.2 == 5 && result.3)
    }
}

@Suite("Transports")
struct TransportTests {
    private func transport(_ ends: Ends) throws -> Transport {
        Transport(try FileDescriptor.duplicate(ends.first.rawValue))
    }

    private func isDone(_ result: IOResult, _ count: Int) -> Bool {
        if case .done(count) = result { true } else { false }
    }

    @Test("bytes in: what is there, nothing yet, the end")
    func receiving() throws {
        let ends = try Ends()
        let transport = try transport(ends)
        let buffer = ByteBuffer(capacity: 8)
        buffer.append(literal: "ab")
        guard case .wouldBlock = transport.receive(into: buffer) else { return #expect(Bool(false), "nothing was sent") }
        try ends.write("0123456789")
        #expect(isDone(transport.receive(into: buffer), 6) && buffer.bytes.string == "ab012345")
        // A full buffer reads nothing, and that is not the end.
        guard case .wouldBlock = transport.receive(into: buffer) else { return #expect(Bool(false), "no room") }
        buffer.clear()
        #expect(isDone(transport.receive(into: buffer), 4) && buffer.bytes.string == "6789")
        Socket.shutdownWrite(ends.second.rawValue)
        guard case .closed = transport.receive(into: buffer) else { return #expect(Bool(false), "the peer has ended") }
        #expect(buffer.bytes.string == "6789")
    }

    @Test("bytes out: one run, four runs by one call, a part of a file, the end")
    func sending() throws {
        let ends = try Ends()
        let transport = try transport(ends)
        let received = ByteBuffer(capacity: 64)
        let sent1 = transport.send(bytes("one ").span)
        #expect(isDone(sent1, 4))
        let sent2 = transport.send(bytes("a").span, bytes("bc").span, bytes("d").span, bytes("ef ").span)
        #expect(isDone(sent2, 7))
        let sent3 = transport.send(bytes("g").span, bytes("").span)
        #expect(isDone(sent3, 1))
        let sent4 = transport.send(bytes("h").span, bytes("").span, bytes("i ").span)
        #expect(isDone(sent4, 3))
        let file = try File.inMemory("test")
        try File.write(file.rawValue, bytes("0123456789").span, at: 0)
        var offset = 3
        #expect(isDone(transport.sendFile(file.rawValue, offset: &offset, count: 4), 4) && offset == 7)
        offset = 10
        guard case .closed = transport.sendFile(file.rawValue, offset: &offset, count: 4) else {
            return #expect(Bool(false), "a file that has ended is told apart from a socket that is full")
        }
        transport.shutdownWrite()
        let peer = Transport(try FileDescriptor.duplicate(ends.second.rawValue))
        while case .done = peer.receive(into: received) {}
        #expect(received.bytes.string == "one abcdef ghi 3456")
        guard case .closed = peer.receive(into: received) else { return #expect(Bool(false), "shutdown ends the direction") }
    }

    @Test("a socket that is full takes a part, then nothing; a peer that is gone is an error and no signal")
    func full() throws {
        var ends: Ends? = try Ends()
        let transport = try transport(#require(ends))
        let block = [UInt8](repeating: 1, count: 1 << 20)
        guard case .done(let first) = transport.send(block.span) else { return #expect(Bool(false)) }
        #expect(first > 0 && first < block.count)
        while case .done = transport.send(block.span) {}
        guard case .wouldBlock = transport.send(block.span) else { return #expect(Bool(false), "the socket is full") }
        ends = nil
        // Both ends of the test's own are closed now; the transport's duplicate is all that is left.
        guard case .failed(let error) = transport.send(block.span) else { return #expect(Bool(false)) }
        #expect(error == .brokenPipe)
        withExtendedLifetime(ends) {}
    }

    @Test("an ordered reset is what the peer sees; unacknowledged bytes are counted")
    func reset() throws {
        let listening = try Socket.listen(on: .v4(.loopback, port: 0), backlog: 4, reusePort: false, ipv6Only: true)
        let address = try #require(Socket.localAddress(listening.rawValue))
        let client = try Socket.stream(address.family)
        _ = try Socket.connect(client.rawValue, to: address)
        var accepted: Transport?
        #expect(
            eventually {
                if case .connection(let descriptor, _) = Socket.accept(listening.rawValue) { accepted = Transport(descriptor) }
                return accepted != nil
            })
        guard let transport = accepted.take() else { return }
        #expect(transport.unacknowledged() == 0)
        transport.resetOnClose()
        close(transport)
        let buffer = ByteBuffer(capacity: 8)
        let peer = Transport(client)
        var seen: SystemError?
        #expect(
            eventually {
                if case .failed(let error) = peer.receive(into: buffer) { seen = error }
                return seen != nil
            })
        #expect(seen == .connectionReset)
    }

    private func close(_ transport: consuming Transport) {}
}
