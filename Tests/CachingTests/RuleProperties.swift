import Bytes
import Caching
import HTTP
import Platform

/// What must hold for any head that an origin sends, once it has been parsed: used by the property tests, by the replay of
/// the corpus, and by the fuzzer, which compiles this file too. Returns what does not hold, or nil.
enum RuleProperties {
    private static let now = WallTime(seconds: 1_767_225_600)

    /// The first byte chooses settings; then comes a request's head (of which fields are taken), then a response's.
    static func check(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let content = Array(input.dropFirst())
        let request = RequestHead(buffer: ByteBuffer(capacity: content.count + 1))
        request.buffer.append(content.span)
        do throws(RequestFailure) {
            guard case .complete = try RequestDecoder().decode(request) else { return nil }
        } catch {
            return nil
        }
        guard let head = response(content, from: request.end) else { return nil }
        var settings = CacheSettings()
        settings.methods = [.get, .head, .post]
        settings.ignored = IgnoredFields(rawValue: UInt16(first & 31))
        if first & 32 != 0 { settings.validity.rules = [CacheValidity.Rule(status: 0, seconds: 60)] }
        if first & 64 != 0 { settings.hidesSetCookie = true }
        return judge(head, request, settings, delay: first & 128 != 0 ? 1 << 40 : 0)
    }

    private static func response(_ content: [UInt8], from start: Int) -> ResponseHead? {
        let head = ResponseHead(buffer: ByteBuffer(capacity: content.count - start + 1))
        head.buffer.append(content.span.extracting(start..<content.count))
        do throws(RequestFailure) {
            guard case .complete = try ResponseDecoder().decode(head), !head.isHeadless else { return nil }
        } catch {
            return nil
        }
        return head
    }

    private static func judge(_ head: ResponseHead, _ request: RequestHead, _ settings: CacheSettings, delay: Int) -> String? {
        let facts = ResponseFacts(head)
        let judgement = Storability.judge(facts, RequestFacts(request), settings, now: now, delaySeconds: delay)
        guard case .store(let lifetime, let vary, let reason) = judgement else { return nil }
        if facts.hasSetCookie, !settings.ignored.contains(.setCookie) { return "a cookie would be stored" }
        for later in [0, 1, 1 << 40, Int.max] {
            let moment = now.advanced(bySeconds: later)
            if !(0...Age.limit).contains(lifetime.age(at: moment)) { return "an impossible age" }
            _ = lifetime.mayServeWhileRevalidating(at: moment)
            _ = lifetime.mayServeOnError(at: moment)
        }
        if Vary.parse([vary.names]) != vary { return "a Vary that is read differently" }
        let variant = vary.variant(of: request)
        var scratch: [UInt8] = []
        if vary.variant(of: request, scratch: &scratch) != variant { return "a variant that changes" }
        let fields = StoredFields.select(from: head, omittingSetCookie: settings.omitsSetCookie)
        for slot in fields.slots {
            if HopByHop.isConnectionSpecific(slot.name) || slot.name == .age { return "a field of the connection is stored" }
            if settings.omitsSetCookie, slot.name == .setCookie { return "a hidden cookie is stored" }
        }
        let stored = StoredHead(
            key: FrozenBytes([1]), status: head.status, fields: fields, lifetime: lifetime, vary: vary, variant: variant,
            reason: reason)
        if !stored.selects(request) { return "not selected by its own request" }
        _ = StoredFields.update(fields, by: head, omittingSetCookie: settings.omitsSetCookie)
        return judgeFile(stored)
    }

    private static func lines(_ fields: Fields) -> [[UInt8]] {
        fields.slots.flatMap { [fields.spelling($0).array, fields.value($0).array] }
    }

    /// What is written is what is read.
    private static func judgeFile(_ stored: StoredHead) -> String? {
        var file = EntryFormat.encodeHead(stored)
        EntryFormat.finish(&file, headLength: file.count, bodyLength: 0, bodyChecksum: 0)
        guard case .head(let decoded) = EntryFormat.decode(file.span, fileSize: file.count) else {
            return "its own file is damaged"
        }
        let read = decoded.head
        if read.status != stored.status || read.lifetime != stored.lifetime { return "another head" }
        if read.vary != stored.vary { return "another Vary" }
        if read.variant != stored.variant || read.reason != stored.reason { return "another variant or reason" }
        return lines(read.fields) == lines(stored.fields) ? nil : "other fields"
    }
}
