import Bytes

/// One request of a workload, without what the target adds (Host, lengths).
public struct LoadRequest: Sendable, Equatable {
    public struct Field: Sendable, Equatable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public var method: String
    /// Path and query, as sent.
    public var target: String
    public var fields: [Field]
    public var body: [UInt8]

    public init(method: String = "GET", target: String, fields: [Field] = [], body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// Methods whose request may be sent again when a kept connection turns out to be closed (RFC 9110 §9.2.2).
    public var isIdempotent: Bool { ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(method) }

    /// The request's bytes, for the authority `host`. They are made once and sent as they are.
    public func image(host: String) -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        if !has("user-agent") { text += "User-Agent: zendan-load\r\n" }
        if !has("accept") { text += "Accept: */*\r\n" }
        if !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) { text += "Content-Length: \(body.count)\r\n" }
        text += "\r\n"
        return Array(text.utf8) + body
    }

    private func has(_ name: String) -> Bool {
        fields.contains { field in
            let bytes = Array(field.name.utf8)
            return bytes.count == name.utf8.count && zip(bytes, name.utf8).allSatisfy { ASCII.lowercased($0) == $1 }
        }
    }
}

/// What is started, timed and judged as one: a request, or a page with its assets.
public struct LoadUnit: Sendable, Equatable {
    public enum Connections: Sendable, Equatable {
        /// The client's connections are used again for its next unit.
        case kept
        /// The unit opens connections of its own and closes them at its end, as a first visit does.
        case new
    }

    /// Relative frequency; positive.
    public var weight: Int
    public var connections: Connections
    /// Connections that fetch the assets at the same time.
    public var parallel: Int
    /// The page, then its assets, which are asked for when the page has arrived whole.
    public var requests: [LoadRequest]
    public var isView: Bool

    public init(
        weight: Int = 1, connections: Connections = .kept, parallel: Int = 1, isView: Bool = false, requests: [LoadRequest]
    ) {
        precondition(weight > 0 && parallel > 0 && !requests.isEmpty)
        self.weight = weight
        self.connections = connections
        self.parallel = parallel
        self.isView = isView
        self.requests = requests
    }
}

/// Everything a load asks for, each unit as often as its weight says.
public struct Workload: Sendable, Equatable {
    public var units: [LoadUnit]

    public init(units: [LoadUnit]) {
        precondition(!units.isEmpty)
        self.units = units
    }

    /// Every request of every unit carries `fields` too.
    public mutating func addToAll(_ fields: [LoadRequest.Field]) {
        for unit in units.indices {
            for request in units[unit].requests.indices { units[unit].requests[request].fields += fields }
        }
    }
}
