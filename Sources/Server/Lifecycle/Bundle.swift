import Configuration
import Platform

/// An accepted configuration as it goes to a worker, without the open descriptors that go with it: the texts as they were
/// read, the names as they were resolved, and what follows from them for whoever starts the worker.
public struct Bundle: Sendable {
    public var options: LaunchOptions
    public var sources: RecordedSources
    /// Host names of the configuration, resolved when it was checked.
    public var names: [ResolvedNames.Entry]
    public var plan: StartPlan
    public var tlsNeeds: TLSNeeds

    public init(
        options: LaunchOptions, sources: RecordedSources, names: [ResolvedNames.Entry], plan: StartPlan,
        tlsNeeds: TLSNeeds = TLSNeeds()
    ) {
        self.options = options
        self.sources = sources
        self.names = names
        self.plan = plan
        self.tlsNeeds = tlsNeeds
    }
}

extension Bundle: BundleCodable {
    /// Changes with the form below: bundles never pass between builds, and this makes sure of it.
    private static let version = "zendan bundle 2"

    public func encode(to writer: inout BundleWriter) {
        writer.add(Bundle.version)
        writer.add(options)
        writer.add(sources)
        writer.add(names) { writer, entry in
            writer.add(entry.host)
            writer.add(entry.addresses) { writer, address in writer.add(address) }
            writer.add(entry.failure) { writer, failure in writer.add(failure) }
        }
        writer.add(plan)
        writer.add(tlsNeeds)
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        guard try reader.string() == Bundle.version else { throw BundleError() }
        options = try LaunchOptions(from: &reader)
        sources = try RecordedSources(from: &reader)
        names = try reader.list { (reader: inout BundleReader) throws(BundleError) in
            ResolvedNames.Entry(
                host: try reader.string(), addresses: try reader.list(SocketAddress.init(from:)),
                failure: try reader.optional { (reader: inout BundleReader) throws(BundleError) in try reader.string() })
        }
        plan = try StartPlan(from: &reader)
        tlsNeeds = try TLSNeeds(from: &reader)
    }

    public var encoded: [UInt8] {
        var writer = BundleWriter()
        encode(to: &writer)
        return writer.bytes
    }

    /// Puts the bundle into a file in memory, for another process.
    public func file() throws(SystemError) -> FileDescriptor {
        let file = try File.inMemory("zendan-bundle")
        let bytes = encoded
        try File.write(file.rawValue, bytes.span, at: 0)
        return file
    }

    /// Reads a bundle out of such a file.
    public static func read(_ raw: Int32) throws(BundleError) -> Bundle {
        File.seek(raw, to: 0)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.contents(of: raw, limit: 1 << 30)
        } catch {
            throw BundleError()
        }
        var reader = BundleReader(bytes)
        return try Bundle(from: &reader)
    }
}
