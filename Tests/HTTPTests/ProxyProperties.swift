import Bytes
import HTTP
import Platform

/// What must hold of any bytes at all where a balancer's words are read: the PROXY header and the fields that forward an
/// address. The fuzzers compile this file too. Each check returns what does not hold, or nil.
enum ProxyProperties {
    /// A header comes out the same wherever the reads cut it, and is never longer than what came.
    static func header(_ input: [UInt8]) -> String? {
        let whole = read(input, input.count)
        var first: Int?
        for length in 0...min(input.count, 300) {
            switch read(input, length) {
            case .unfinished:
                if first != nil { return "whole, then unfinished at \(length)" }
            case .refused:
                if case .header = whole { return "refused at \(length), then read" }
            case .header(let header):
                if header.length > length || header.length > ProxyHeader.longest { return "longer than what came" }
                first = first ?? length
                guard case .header(let same) = whole, same == header else { return "another at \(length)" }
            }
        }
        guard case .header(let header) = whole else { return nil }
        for name in names { _ = header.value(name) }
        return written(header)
    }

    private static let names = ["alpn", "ssl", "ssl_verify", "ssl_cn", "0x05", "ssl_0x21"].compactMap { ProxyValueName($0) }

    private enum Outcome {
        case unfinished, refused
        case header(ProxyHeader)
    }

    private static func read(_ input: [UInt8], _ length: Int) -> Outcome {
        do throws(ProxyHeaderFailure) {
            guard let header = try ProxyHeader.read(input.span.extracting(0..<length)) else { return .unfinished }
            return .header(header)
        } catch { return .refused }
    }

    /// What was read is written and read again.
    private static func written(_ header: ProxyHeader) -> String? {
        guard let source = header.source, let destination = header.destination else { return nil }
        for bytes in [
            ProxyHeader.text(source: source, destination: destination),
            ProxyHeader.binary(source: source, destination: destination),
        ] {
            guard case .header(let again) = read(bytes, bytes.count) else { return "its own header is refused" }
            guard again.length == bytes.count, again.source == source, again.destination == destination else {
                return "\(again) is not \(header)"
            }
        }
        return nil
    }

    /// A forwarded address ends at one that nobody trusted vouched for; recursion only ever goes on from a trusted one.
    static func forwarded(_ input: [UInt8]) -> String? {
        let trusted = ["127.0.0.1", "10.0.0.0/8", "fd00::/8"].compactMap { CIDRBlock($0) }
        let peer = SocketAddress.v4(.loopback, port: 5)
        let stranger = SocketAddress.v4(IPv4Address(value: 0x0102_0304), port: 5)
        for recursive in [false, true] {
            var walk = ForwardedAddress(peer: peer, trusted: trusted, isRecursive: recursive)
            // Lines are separated by line feeds here; the last one is read first.
            for line in input.split(separator: 10, omittingEmptySubsequences: false).reversed() {
                let bytes = Array(line)
                if !walk.take(bytes.span) { break }
            }
            if !walk.isForwarded && walk.address != peer { return "an address from nowhere" }
            if walk.isForwarded, walk.address.description.contains("unix") { return "no address" }
            var untrusted = ForwardedAddress(peer: stranger, trusted: trusted, isRecursive: recursive)
            if untrusted.take(input.span) || untrusted.address != stranger { return "a stranger is believed" }
        }
        if let address = ForwardedAddress.parse(input.span) {
            let text = Array((address.port == 0 ? address.host : address.description).utf8)
            if ForwardedAddress.parse(text.span) != address { return "\(address) is read otherwise" }
        }
        return nil
    }
}
