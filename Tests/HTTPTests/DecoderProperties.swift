import Bytes
import HTTP

/// What must hold for any bytes at all: used by the property tests, by the replay of the corpus, and by the fuzzers, which
/// compile this file too. Each check returns what does not hold, or nil.
enum DecoderProperties {
    // MARK: Requests

    /// A request head: cut anywhere it comes out the same, its ranges lie within the buffer, and nothing in it could deceive
    /// a later reader.
    static func request(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        var limits = HeadLimits()
        if first & 1 != 0 { limits.ignoresInvalidHeaders = false }
        if first & 2 != 0 { limits.mergesSlashes = false }
        if first & 4 != 0 { limits.allowsUnderscores = true }
        if first & 8 != 0 {
            limits.clientHeaderBufferSize = 32
            limits.largeBufferSize = 64
            limits.largeBufferCount = 2
        }
        let content = Array(input.dropFirst())
        let whole = run(content, limits, step: content.count + 1)
        for step in [1, 3, 7] {
            let parts = run(content, limits, step: step)
            if parts != whole { return "in steps of \(step): \(parts), at once: \(whole)" }
        }
        return whole.hasPrefix("broken") ? whole : nil
    }

    /// Decodes in steps of so many bytes and describes the result in one line.
    private static func run(_ content: [UInt8], _ limits: HeadLimits, step: Int) -> String {
        let head = RequestHead(buffer: ByteBuffer(capacity: 16))
        let decoder = RequestDecoder(limits: limits)
        var sent = 0
        while true {
            let end = min(sent + step, content.count)
            while sent < end {
                if head.buffer.room == 0 {
                    let larger = max(limits.capacity(after: head.buffer.capacity), head.buffer.count + 64)
                    head.move(to: ByteBuffer(capacity: larger))
                }
                let count = min(head.buffer.room, end - sent)
                head.buffer.append(content.span.extracting(sent..<(sent + count)))
                sent += count
            }
            do throws(RequestFailure) {
                if try decoder.decode(head) == .complete { return judge(head) ?? describe(head) }
            } catch {
                return [400, 414, 494, 501, 505].contains(error.status) ? "refused" : "broken: status \(error.status)"
            }
            if sent == content.count { return "unfinished" }
        }
    }

    private static func describe(_ head: RequestHead) -> String {
        let start = head.start
        var text = "\(head.method) \(head.version) \(head.end - start) \(head.path) \(head.host) "
        text += "\(head.hostPort ?? -1) \(head.contentLength ?? -1) \(head.isChunked) \(head.keepsAlive) "
        text += "\(head.targetRange.count) \(head.queryRange?.count ?? -1) \(head.expectsContinue)"
        for slot in head.slots {
            text += " \(slot.name.rawValue) \(slot.nameRange.lowerBound - start) \(slot.nameRange.count)"
            text += " \(slot.valueRange.lowerBound - start) \(slot.valueRange.count)"
        }
        return text
    }

    private static func judge(_ head: RequestHead) -> String? {
        var ranges = [head.methodRange, head.targetRange, head.pathRange, head.lineRange, head.start..<head.end]
        ranges += [head.queryRange, head.authorityRange, head.schemeRange].compactMap { $0 }
        for slot in head.slots { ranges += [slot.nameRange, slot.valueRange] }
        for range in ranges where range.lowerBound < 0 || range.upperBound > head.buffer.count {
            return "broken: a range outside the buffer"
        }
        if head.path.first != UInt8(ascii: "/") { return "broken: a path without a slash" }
        if head.path.contains(0) { return "broken: a zero byte in the path" }
        for segment in head.path.split(separator: UInt8(ascii: "/")) where segment == [46, 46] || segment == [46] {
            return "broken: a dot segment in the path"
        }
        if head.isChunked && head.contentLength != nil { return "broken: two framings" }
        if let length = head.contentLength, length < 0 { return "broken: a negative length" }
        if head.host.contains(where: { $0 &- 65 < 26 || $0 <= 32 }) { return "broken: a host with capitals or spaces" }
        for slot in head.slots {
            let value = head.value(slot)
            for index in 0..<value.count where value[index] < 32 && value[index] != 9 {
                return "broken: a control byte in a value"
            }
            let name = head.bytes(slot.nameRange)
            for index in 0..<name.count where name[index] <= 32 || name[index] == 58 || name[index] >= 127 {
                return "broken: a name that is not a token"
            }
        }
        return nil
    }

    // MARK: Responses

    /// A response head: as for requests.
    static func response(_ input: [UInt8]) -> String? {
        let whole = runResponse(input, step: input.count + 1)
        for step in [1, 3, 7] {
            let parts = runResponse(input, step: step)
            if parts != whole { return "in steps of \(step): \(parts), at once: \(whole)" }
        }
        return whole.hasPrefix("broken") ? whole : nil
    }

    private static func runResponse(_ content: [UInt8], step: Int) -> String {
        let head = ResponseHead(buffer: ByteBuffer(capacity: content.count + 1))
        let decoder = ResponseDecoder()
        var sent = 0
        repeat {
            let end = min(sent + step, content.count)
            head.buffer.append(content.span.extracting(sent..<end))
            sent = end
            do throws(RequestFailure) {
                if try decoder.decode(head) == .complete { return judge(head) }
            } catch { return error.status == 502 ? "refused" : "broken: status \(error.status)" }
        } while sent < content.count
        return "unfinished"
    }

    private static func judge(_ head: ResponseHead) -> String {
        if head.isHeadless { return "headless" }
        var text = "\(head.status) \(head.version) \(head.end) \(head.reasonRange) \(head.contentLength ?? -1) "
        text += "\(head.isChunked) \(head.keepsAlive)"
        guard (100...999).contains(head.status), head.end <= head.buffer.count, head.reasonRange.upperBound <= head.end else {
            return "broken: \(text)"
        }
        if head.isChunked && head.contentLength != nil { return "broken: two framings" }
        for slot in head.slots {
            guard slot.nameRange.upperBound <= head.end, slot.valueRange.upperBound <= head.end, !slot.nameRange.isEmpty else {
                return "broken: a range outside the head"
            }
            let value = head.value(slot)
            for index in 0..<value.count where value[index] == 0 || value[index] == 10 || value[index] == 13 {
                return "broken: a line end in a value"
            }
            text += " \(slot.name.rawValue) \(slot.nameRange) \(slot.valueRange)"
        }
        let framing = ResponseDecoder().bodyFraming(for: head, requestMethod: .get)
        return text + " \(framing.remaining ?? -1)"
    }

    // MARK: Bodies

    /// A chunked body: cut anywhere it is the same, and what it yields lies within the input.
    static func chunked(_ input: [UInt8]) -> String? {
        for keepsTrailers in [false, true] {
            let whole = runChunked(input, step: input.count + 1, keepsTrailers)
            for step in [1, 2, 5] {
                let parts = runChunked(input, step: step, keepsTrailers)
                if parts != whole { return "in steps of \(step): \(parts), at once: \(whole)" }
            }
            if whole.hasPrefix("broken") { return whole }
        }
        return chunkedAgain(input)
    }

    /// What is sent in chunks is read back as it was.
    private static func chunkedAgain(_ input: [UInt8]) -> String? {
        var written = ByteString()
        for start in stride(from: 0, to: input.count, by: 7) {
            let piece = input[start..<min(start + 7, input.count)]
            ResponseEncoder.appendChunkSize(piece.count, to: &written)
            written.append(contentsOf: Array(piece))
            written.append(literal: ResponseEncoder.chunkEnd)
        }
        written.append(literal: ResponseEncoder.lastChunk)
        let sent = written.array
        let read = runChunked(sent, step: sent.count, false)
        return read.hasPrefix("\(input) \(sent.count) ") ? nil : "chunks that are read as \(read)"
    }

    private static func runChunked(_ content: [UInt8], step: Int, _ keepsTrailers: Bool) -> String {
        var decoder = BodyDecoder.chunked(ChunkedDecoder(keepsTrailers: keepsTrailers))
        var body: [UInt8] = []
        var sent = 0
        while sent < content.count {
            let end = min(sent + step, content.count)
            let part = content.span.extracting(sent..<end)
            var offset = 0
            reading: while true {
                do throws(RequestFailure) {
                    switch try decoder.next(part, at: &offset) {
                    case .data(let range):
                        guard !range.isEmpty, range.upperBound == offset, offset <= part.count else { return "broken: range" }
                        body.append(part.extracting(range))
                    case .needMore:
                        guard offset == part.count else { return "broken: input left" }
                        break reading
                    case .end:
                        return "\(body) \(sent + offset) \(decoder.trailers?.count ?? -1)"
                    }
                } catch { return error.status == 400 ? "refused" : "broken: status \(error.status)" }
            }
            sent = end
        }
        return "unfinished \(body)"
    }

    // MARK: Field values

    /// Everything that reads single values: none may trap, and ranges must lie within the value.
    static func fieldValue(_ input: [UInt8]) -> String? {
        let value = input.span
        let name: [UInt8] = [UInt8(ascii: "a")]
        var ranges = [MediaType.essence(value)]
        var members = ListMembers()
        while let member = members.next(value) { ranges.append(member) }
        ranges += [
            MediaType.parameter(value, "charset"), Cookies.value(name.span, in: value), Cookies.setValue(name.span, in: value),
            QueryString.value(name.span, in: value),
        ].compactMap { $0 }
        for range in ranges where range.lowerBound < 0 || range.upperBound > value.count { return "a range outside the value" }
        if let date = HTTPDate.parse(value) {
            var written: [UInt8] = []
            HTTPDate.append(date, to: &written)
            if HTTPDate.parse(written.span) != date { return "a date is written differently" }
        }
        _ = EntityTag.list(value, matches: bytesOfTag.span, weakly: true)
        _ = ByteRanges.ifRange(value, holdsFor: bytesOfTag.span, lastModified: 0)
        _ = AcceptEncoding.acceptsGzip(value)
        let directives = CacheControl(value)
        for age in [directives.maxAge, directives.sharedMaxAge, directives.staleIfError, directives.maxStale] {
            if let age, age < 0 || age > CacheControl.greatestAge { return "an age out of bounds" }
        }
        if let content = ContentRange.parse(value), content.range.isEmpty { return "an empty content range" }
        return judgeRanges(value) ?? judgeTargets(value)
    }

    private static let bytesOfTag: [UInt8] = Array("\"a\"".utf8)

    private static func judgeRanges(_ value: Span<UInt8>) -> String? {
        for length in [0, 1, 1000, Int.max] {
            for most in [nil, 1, 5] {
                var parts: [Range<Int>] = []
                switch ByteRanges(value, length: length, maxRanges: most) {
                case .whole, .unsatisfiable: break
                case .single(let range): parts = [range]
                case .multiple(let several): parts = several
                }
                for part in parts where part.isEmpty || part.lowerBound < 0 || part.upperBound > length {
                    return "a byte range outside the representation"
                }
                if let most, parts.count > most { return "more ranges than max_ranges" }
                if parts.count > 1 { _ = MultipartRanges(boundary: 1, contentType: value, length: 1000).contentLength([0..<1]) }
            }
        }
        return nil
    }

    private static func judgeTargets(_ value: Span<UInt8>) -> String? {
        var host: [UInt8] = []
        var port: Int?
        if Authority.parse(value, host: &host, port: &port), host.isEmpty || !(0...65535).contains(port ?? 0) {
            return "an empty host or an impossible port"
        }
        for purpose in [PercentCoding.Purpose.path, .query, .component] {
            var encoded = ByteString()
            var decoded: [UInt8] = []
            PercentCoding.encode(value, for: purpose, to: &encoded)
            PercentCoding.decode(encoded.span, to: &decoded)
            if !decoded.span.equals(value) { return "percent-encoding loses bytes" }
        }
        var path: [UInt8] = []
        var query: Range<Int>?
        if PercentCoding.internalTarget(value, path: &path, query: &query) {
            for segment in path.split(separator: 47) where segment == [46, 46] { return "an internal address that climbs" }
            if let query, query.upperBound > value.count { return "a query outside the address" }
        }
        return nil
    }
}
