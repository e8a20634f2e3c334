import Foundation

/// A visitor: keeps cookies as a browser does (per host, no paths), fills in forms, follows redirects when asked.
public final class Browser {
    public let endpoint: Endpoint
    /// The cookies it holds, by name.
    public private(set) var cookies: [String: String] = [:]
    /// Fields it sends with each request.
    public var fields: FieldList

    public init(_ endpoint: Endpoint, _ fields: FieldList = ["User-Agent": "story"]) {
        self.endpoint = endpoint
        self.fields = fields
    }

    public func get(_ target: String, _ extra: FieldList = [:]) throws -> Response {
        try request("GET", target, extra)
    }

    /// Sends a form, as `application/x-www-form-urlencoded`.
    public func post(_ target: String, form: KeyValuePairs<String, String>, _ extra: FieldList = [:]) throws -> Response {
        let body = form.map { "\(Self.encoded($0.key))=\(Self.encoded($0.value))" }.joined(separator: "&")
        var extra = extra
        extra.append("Content-Type", "application/x-www-form-urlencoded")
        return try request("POST", target, extra, body: Array(body.utf8))
    }

    public func request(_ method: String, _ target: String, _ extra: FieldList = [:], body: [UInt8]? = nil) throws -> Response {
        var all = fields
        for field in extra { all.append(field.name, field.value) }
        if !cookies.isEmpty {
            let line = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            all.append("Cookie", line)
        }
        let response = try endpoint.request(method, target, all, body: body)
        for line in response.fields.all("Set-Cookie") { keep(line) }
        return response
    }

    /// Follows a redirect of `response`, with GET, if it is one.
    public func follow(_ response: Response) throws -> Response {
        guard (300..<400).contains(response.status), let location = response["Location"] else { return response }
        guard location.contains("://") else { return try get(location) }
        let path = location.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return try get("/" + (path.count > 3 ? String(path[3]) : ""))
    }

    public func forget() { cookies = [:] }

    private func keep(_ line: String) {
        let parts = line.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        guard let pair = parts.first, let equals = pair.firstIndex(of: "=") else { return }
        let name = String(pair[..<equals])
        let value = String(pair[pair.index(after: equals)...])
        let attributes = parts.dropFirst().map { $0.lowercased() }
        if attributes.contains("max-age=0") || attributes.contains(where: { $0.hasPrefix("expires=") && $0.contains(" 1970 ") })
        {
            cookies[name] = nil
        } else {
            cookies[name] = value
        }
    }

    /// Percent-encodes everything but unreserved characters.
    public static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
