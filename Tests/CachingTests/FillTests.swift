import Bytes
import Caching
import EventLoops
import HTTP
import Platform
import Testing

struct FillTests {
    let key = CacheKey(bytes("key"))

    private func fill(memoryLimit: Int = Fill.usualMemoryLimit) -> Fill {
        Fill(key: key, place: CachePlace(digest: key.digest), startedAt: 0, memoryLimit: memoryLimit)
    }

    /// Reads what is there from `position`; the name of what comes then.
    private func read(_ fill: Fill, _ reader: Fill.Reader, from position: Int = 0) throws -> (bytes: [UInt8], then: String) {
        var result: [UInt8] = []
        while true {
            switch fill.next(reader, at: position + result.count, nil) {
            case .bytes(let block, let range, let isLast):
                result.append(block.bytes(range))
                if isLast { return (result, "last") }
            case .file(let file, let isLast):
                var piece = [UInt8](repeating: 0, count: file.count)
                var span = piece.mutableSpan
                let count = try File.read(file.descriptor.rawValue, into: &span, at: file.offset)
                result += piece.prefix(count)
                if isLast { return (result, "last") }
            case .wait: return (result, "wait")
            case .end: return (result, "end")
            case .failed: return (result, "failed")
            }
        }
    }

    @Test func nobodyGetsAByteBeforeTheJudgement() throws {
        let fill = fill()
        let reader = try #require(fill.attach())
        fill.append(bytes("ab").span, isLast: false, storingIn: nil)
        #expect(try read(fill, reader) == ([], "wait"))
        guard case .open = fill.judgement(reader, nil) else { return wrong("judged") }
        fill.judge(.storable(storedHead(key)))
        #expect(try read(fill, reader) == (bytes("ab"), "wait"))
        fill.append(bytes("cd").span, isLast: true, storingIn: nil)
        #expect(try read(fill, reader) == (bytes("abcd"), "last"))
        #expect(try read(fill, reader, from: 4) == ([], "end"))
        // The first judgement counts.
        fill.judge(.refused(.setCookie))
        guard case .storable = fill.judgement(reader, nil) else { return wrong("changed") }
    }

    @Test func aRefusedOrFailedFillGivesNothing() throws {
        for judgement in [Fill.Judgement.refused(.setCookie), .failed(status: 502)] {
            let fill = fill()
            let reader = try #require(fill.attach())
            fill.append(bytes("secret").span, isLast: true, storingIn: nil)
            fill.judge(judgement)
            #expect(try read(fill, reader) == ([], "failed"))
            #expect(fill.attach() == nil)
        }
    }

    @Test func whatWasThereComesBeforeTheFailure() throws {
        let fill = fill()
        let reader = try #require(fill.attach())
        fill.judge(.storable(storedHead(key)))
        fill.append(bytes("abc").span, isLast: false, storingIn: nil)
        fill.breakOff()
        #expect(try read(fill, reader) == (bytes("abc"), "failed"))
        #expect(fill.attach() == nil)
    }

    @Test func aLargeBodyIsReadFromItsFileAndMemoryIsBounded() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        let fill = fill(memoryLimit: 256 << 10)
        let head = storedHead(key)
        fill.judge(.storable(head))
        let early = try #require(fill.attach())
        let writer = try #require(zone.beginStore(head, digest: key.digest))
        var whole: [UInt8] = []
        for number in 0..<200 {
            let piece = (0..<17_000).map { UInt8(truncatingIfNeeded: $0 &* number) }
            whole += piece
            let isStored = fill.append(piece.span, isLast: number == 199, storingIn: writer)
            #expect(isStored)
            #expect(fill.memoryUsed <= 384 << 10)
        }
        #expect(!fill.isFull)
        #expect(try read(fill, early) == (whole, "last"))
        let late = try #require(fill.attach())
        let entry = try #require(writer.commit(now: start))
        #expect(try read(fill, late) == (whole, "last"))
        #expect(entry.body.count == whole.count)
    }

    @Test func withoutAFileTheSlowestReaderSetsThePace() throws {
        let fill = fill(memoryLimit: 128 << 10)
        fill.judge(.storable(storedHead(key)))
        let slow = try #require(fill.attach())
        let fast = try #require(fill.attach())
        var whole: [UInt8] = []
        while !fill.isFull {
            let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: whole.count / 1000), count: 10_000)
            whole += piece
            fill.append(piece.span, isLast: false, storingIn: nil)
        }
        #expect(whole.count >= 64 << 10 && whole.count < 256 << 10)
        #expect(try read(fill, fast) == (whole, "wait"))
        #expect(fill.isFull)
        #expect(fill.attach() == nil)
        #expect(try read(fill, slow) == (whole, "wait"))
        #expect(!fill.isFull)
        // One that leaves holds nobody up.
        let piece = [UInt8](repeating: 1, count: 300_000)
        fill.append(piece.span, isLast: false, storingIn: nil)
        #expect(fill.isFull)
        #expect(try read(fill, fast, from: whole.count) == (piece, "wait"))
        fill.detach(slow)
        #expect(!fill.isFull)
    }

    @Test func theRegistryHasOneFillForAKey() throws {
        let registry = FillRegistry()
        let place = CachePlace(digest: key.digest)
        guard case .lead(let fill) = registry.join(key, place, now: 0) else { return wrong("no lead") }
        guard case .follow(let same) = registry.join(key, place, now: 0) else { return wrong("no follow") }
        #expect(same === fill)
        registry.refuse(fill, now: 0)
        guard case .alone(.refusedRecently) = registry.join(key, place, now: 4000) else {
            return wrong("queued")
        }
        guard case .lead(let next) = registry.join(key, place, now: 6000) else {
            return wrong("no lead again")
        }
        registry.remove(fill)
        #expect(registry.running(place) === next && registry.count == 1)
        registry.remove(next)
        #expect(registry.count == 0)
        registry.refuse(next, now: 0)
        registry.clearMark(key.digest)
        guard case .lead = registry.join(key, place, now: 0) else { return wrong("mark stays") }
    }

    @Test func aFetchThatTakesTooLongIsTakenOverOnce() throws {
        let registry = FillRegistry()
        let place = CachePlace(digest: key.digest)
        guard case .lead(let old) = registry.join(key, place, now: 0, lockAge: 100) else { return wrong("no lead") }
        guard case .follow = registry.join(key, place, now: 99, lockAge: 100) else { return wrong("no follow") }
        guard case .takeOver(let new) = registry.join(key, place, now: 100, lockAge: 100) else { return wrong("waits") }
        guard case .follow(let same) = registry.join(key, place, now: 199, lockAge: 100) else { return wrong("no follow") }
        #expect(same === new && new !== old)
        registry.remove(old)
        #expect(registry.running(place) === new)
        guard case .follow = registry.join(key, place, now: 10_000) else { return wrong("without an age") }
    }

    @Test func aFailureHoldsForAMoment() throws {
        let registry = FillRegistry()
        let place = CachePlace(digest: key.digest)
        guard case .lead(let fill) = registry.join(key, place, now: 0) else { return wrong("no lead") }
        registry.fail(fill, status: 502, now: 10)
        guard case .failed(502) = registry.join(key, place, now: 500) else { return wrong("asked again") }
        guard case .lead = registry.join(key, place, now: 510) else { return wrong("never asked again") }
    }

    /// Many readers on threads, one writer, everybody gets every byte.
    @Test func manyReadersOneWriter() throws {
        let scratch = try Scratch()
        let zone = CacheZone(definition(scratch))
        let fill = fill(memoryLimit: 128 << 10)
        let head = storedHead(key)
        let readers = try (0..<8).map { _ in try #require(fill.attach()) }
        let results = Lock<[Int: [UInt8]]>([:])
        let finished = CountingSignal()
        for reader in readers {
            try Threads.start {
                var got: [UInt8] = []
                loop: while true {
                    switch fill.next(reader, at: got.count, nil) {
                    case .bytes(let block, let range, let isLast):
                        got.append(block.bytes(range))
                        if isLast { break loop }
                    case .file(let file, let isLast):
                        var piece = [UInt8](repeating: 0, count: file.count)
                        var span = piece.mutableSpan
                        let count = (try? File.read(file.descriptor.rawValue, into: &span, at: file.offset)) ?? 0
                        got += piece.prefix(count)
                        if isLast { break loop }
                    case .wait: Threads.rest()
                    case .end, .failed: break loop
                    }
                }
                results.withLock { [got] in $0[reader] = got }
                fill.detach(reader)
                finished.raise()
            }
        }
        fill.judge(.storable(head))
        let writer = try #require(zone.beginStore(head, digest: key.digest))
        var whole: [UInt8] = []
        for number in 0..<150 {
            let piece = (0..<9_999).map { UInt8(truncatingIfNeeded: $0 ^ number) }
            whole += piece
            fill.append(piece.span, isLast: number == 149, storingIn: writer)
        }
        for _ in readers { finished.await() }
        results.withLock { results in
            for reader in readers { #expect(results[reader] == whole) }
        }
        #expect(fill.readerCount == 0)
    }
}
