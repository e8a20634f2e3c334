import Bytes

/// The request line: method, target, version (RFC 9112 §3).
extension RequestDecoder {
    /// Reads the request line; false when it is not whole yet.
    func decodeRequestLine(_ bytes: Span<UInt8>, into head: RequestHead) throws(RequestFailure) -> Bool {
        let start = head.scan.lineStart
        let content: Int
        switch LineScanning.lineEnd(bytes, from: head.scan.searched, tabs: false) {
        case .missing(let searched):
            head.scan.searched = searched
            head.lineRange = start..<bytes.count
            guard RequestDecoder.isMethodByte(bytes[start]) else { throw RequestDecoder.badMethod }
            try checkUnfinished(bytes.count &- start, head.scan, else: RequestDecoder.requestLineTooLong)
            return false
        case .control(let place):
            head.lineRange = start..<place
            guard RequestDecoder.isMethodByte(bytes[start]) else { throw RequestDecoder.badMethod }
            throw RequestFailure(400, "a control byte in the request line")
        case .found(let end, let next):
            content = end
            head.lineRange = start..<end
            try charge(next &- start, &head.scan, else: RequestDecoder.requestLineTooLong)
            head.scan.lineStart = next
            head.scan.searched = next
        }
        let afterMethod = try decodeMethod(bytes, start..<content, head)
        let afterTarget = try decodeTarget(bytes, afterMethod..<content, head)
        try decodeVersion(bytes, afterTarget..<content, head)
        return true
    }

    private static func isMethodByte(_ byte: UInt8) -> Bool {
        byte &- 65 < 26 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private static let badMethod = RequestFailure(400, "the method is not made of upper-case letters")

    /// Returns where the target begins.
    private func decodeMethod(_ bytes: Span<UInt8>, _ line: Range<Int>, _ head: RequestHead) throws(RequestFailure) -> Int {
        var index = line.lowerBound
        while index < line.upperBound, bytes[index] != ASCII.space {
            guard RequestDecoder.isMethodByte(bytes[index]) else { throw RequestDecoder.badMethod }
            index &+= 1
        }
        guard index < line.upperBound, index > line.lowerBound else { throw RequestDecoder.badMethod }
        head.methodRange = line.lowerBound..<index
        head.method = Method(bytes.extracting(head.methodRange))
        while index < line.upperBound, bytes[index] == ASCII.space { index &+= 1 }
        return index
    }

    /// Returns where the target ends.
    private func decodeTarget(_ bytes: Span<UInt8>, _ line: Range<Int>, _ head: RequestHead) throws(RequestFailure) -> Int {
        let start = line.lowerBound
        guard start < line.upperBound else { throw RequestFailure(400, "the request line has no target") }
        if head.method == .connect { return try decodeAuthorityForm(bytes, line, head) }
        if bytes[start] == UInt8(ascii: "/") {
            return try decodeOriginForm(bytes, start..<line.upperBound, head)
        }
        guard ASCII.isLetter(bytes[start]) else {
            throw bytes[start] == UInt8(ascii: "*")
                ? RequestFailure(400, "the target \"*\" is not served")
                : RequestFailure(400, "the target does not begin with a slash or a scheme")
        }
        return try decodeAbsoluteForm(bytes, line, head)
    }

    private func decodeVersion(_ bytes: Span<UInt8>, _ rest: Range<Int>, _ head: RequestHead) throws(RequestFailure) {
        var index = rest.lowerBound
        let end = rest.upperBound
        while index < end, bytes[index] == ASCII.space { index &+= 1 }
        if index == end {
            guard head.method == .get else { throw RequestFailure(400, "an HTTP/0.9 request whose method is not GET") }
            head.version = .http09
            head.keepsAlive = false
            return
        }
        // "HTTP/1.1" as one word, the usual case.
        if end &- index == 8, bytes.word64(at: index) == 0x312e_312f_5054_5448 {
            head.version = .http11
            return
        }
        let malformed = RequestFailure(400, "the request line does not end in a version")
        guard end &- index >= 8, bytes.extracting(index..<(index &+ 5)).equals("HTTP/") else { throw malformed }
        index &+= 5
        guard bytes[index] &- 49 < 9 else { throw malformed }
        guard bytes[index] == UInt8(ascii: "1") else { throw RequestDecoder.badVersion }
        index &+= 1
        if ASCII.isDigit(bytes[index]) { throw RequestDecoder.badVersion }
        guard bytes[index] == UInt8(ascii: ".") else { throw malformed }
        index &+= 1
        var minor = 0
        let digits = index
        while index < end, ASCII.isDigit(bytes[index]), index &- digits < 3 {
            minor = minor &* 10 &+ Int(bytes[index] &- 48)
            index &+= 1
        }
        guard index > digits else { throw malformed }
        while index < end, bytes[index] == ASCII.space { index &+= 1 }
        guard index == end else { throw malformed }
        head.version = minor == 0 ? .http10 : .http11
    }

    private static let badVersion = RequestFailure(505, "the major version is not 1")
}
