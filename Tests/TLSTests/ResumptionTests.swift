import Bytes
import TestSupport
import Testing

@testable import TLS

@Suite(.needs(.openssl)) struct ResumptionTests {
    /// Connects, takes what the server offers, connects again with it: whether that was a resumption, and what came next.
    private func resumes(
        _ client: TLSClientContext, _ first: TLSServerContext, _ second: TLSServerContext? = nil
    ) throws -> Bool {
        let pair = try SessionPair(first, client)
        #expect(pair.handshake() == ("done", "done"))
        _ = pair.server.put("hello")
        #expect(pair.client.take() == Array("hello".utf8))
        let again = try SessionPair(second ?? first, client, resuming: pair.client.takeResumption())
        #expect(again.handshake() == ("done", "done"))
        _ = again.server.put("hello")
        #expect(again.client.take() == Array("hello".utf8))
        #expect(again.client.isResumed == again.server.isResumed)
        return again.server.isResumed
    }

    @Test(arguments: [TLSProtocols.tls12, .tls13])
    func byTicket(_ version: TLSProtocols) throws {
        let client = try Contexts.client { $0.protocols = version }
        let keys = try TLSTicketKeys(lifetime: 300)
        #expect(try resumes(client, Contexts.server { $0.ticketKeys = keys }))
        // Another certificate, the same keys: a reload after a renewal.
        let renewed = try Contexts.server {
            $0.ticketKeys = keys
            $0.identities = [try TestCertificates.shared().identity("rsa")]
        }
        #expect(try resumes(client, Contexts.server { $0.ticketKeys = keys }, renewed))
        #expect(try !resumes(client, Contexts.server(), Contexts.server()))
        #expect(try !resumes(client, Contexts.server { $0.ticketKeys = nil }))
    }

    @Test(arguments: [TLSProtocols.tls12, .tls13])
    func byIdFromASharedCache(_ version: TLSProtocols) throws {
        let client = try Contexts.client { $0.protocols = version }
        let cache = TLSSessionCache(capacity: 1 << 20)
        func server() throws -> TLSServerContext {
            try Contexts.server {
                $0.ticketKeys = nil
                $0.sessionCache = .shared(cache)
            }
        }
        #expect(try resumes(client, server(), server()))
        #expect(cache.count > 0)
        #expect(
            try !resumes(
                client,
                Contexts.server {
                    $0.ticketKeys = nil
                    $0.sessionCache = .off
                }))
    }

    @Test func aServerThatAsksMoreOfItsClientsDoesNotResume() throws {
        let keys = try TLSTicketKeys(lifetime: 300)
        let open = try Contexts.server { $0.ticketKeys = keys }
        let asking = try Contexts.server {
            $0.ticketKeys = keys
            $0.verification.mode = .on
            $0.verification.clientCAs = try TestCertificates.shared().certificates("ca")
        }
        for version in [TLSProtocols.tls12, .tls13] {
            #expect(try !resumes(Contexts.client { $0.protocols = version }, open, asking))
        }
        // Nor where it is reached by its name on the same address.
        let client = try Contexts.client()
        let pair = try SessionPair(open, client)
        pair.handshake()
        _ = pair.server.put("x")
        _ = pair.client.take()
        let again = try SessionPair(
            open, client, directory: TLSServerNames([("example.com", asking)]), resuming: pair.client.takeResumption())
        #expect(again.handshake() == ("done", "done"))
        #expect(!again.server.isResumed)
    }

    @Test func severalKeysAreForReadingTheFirstForWriting() throws {
        func keys(_ seeds: [UInt8], _ size: Int = 80) throws -> TLSTicketKeys {
            try TLSTicketKeys(files: seeds.map { [UInt8](repeating: $0, count: size) })
        }
        let client = try Contexts.client()
        let one = try Contexts.server { $0.ticketKeys = try keys([1]) }
        #expect(try resumes(client, one, Contexts.server { $0.ticketKeys = try keys([2, 1]) }))
        #expect(try !resumes(client, one, Contexts.server { $0.ticketKeys = try keys([2]) }))
        let short = try Contexts.server { $0.ticketKeys = try keys([1], 48) }
        #expect(try resumes(client, short, Contexts.server { $0.ticketKeys = try keys([3, 1], 48) }))
        #expect(throws: TLSError.self) { try keys([1], 47) }
        #expect(throws: TLSError.self) { try TLSTicketKeys(files: []) }
    }

    @Test func keysRotateAndTwoProcessesAgree() throws {
        let start = 1_000_000 * 300
        let keys = try TLSTicketKeys(lifetime: 300, now: start)
        let first = keys.keys(now: start + 299).map(\.name)
        let second = keys.keys(now: start + 300).map(\.name)
        #expect(first.count == 2 && second[1] == first[0] && !first.contains(second[0]))
        let exported = try #require(keys.exported(now: start + 300))
        let other = try #require(TLSTicketKeys(exported: exported, now: start + 900))
        #expect(other.keys(now: start + 900).map(\.name) == keys.keys(now: start + 900).map(\.name))
        // A clock that goes back changes nothing.
        #expect(keys.keys(now: start).map(\.name) == other.keys(now: start).map(\.name))
        #expect(TLSTicketKeys(exported: [1, 2, 3]) == nil)
        #expect(TLSTicketKeys(exported: [UInt8](repeating: 255, count: 56)) == nil)
        #expect(try TLSTicketKeys(files: [[UInt8](repeating: 1, count: 80)]).exported() == nil)
    }

    @Test func theCacheIsBoundedAndForgetsTheOldest() {
        let cache = TLSSessionCache(capacity: 4096)
        for number in 0..<100 { cache.store([UInt8](repeating: 0, count: 200), id: [UInt8(number)], expiry: 1000) }
        #expect(cache.count == 4096 / (200 + 2 + TLSSessionCache.overhead))
        #expect(cache.find([99], now: 10) != nil && cache.find([0], now: 10) == nil)
        #expect(cache.find([99], now: 1000) == nil)
        cache.store([UInt8](repeating: 0, count: 20_000), id: [200], expiry: 1000)
        #expect(cache.find([200], now: 10) == nil)
        for number in 0..<10_000 { cache.store([1], id: [UInt8(number % 3)], expiry: 1000) }
        cache.remove([0])
        #expect(cache.find([0], now: 10) == nil && cache.find([1], now: 10) == [1])
    }
}
