import CLinux
import Glibc

/// Why a name has no address.
public struct NameResolutionError: Error, Equatable, Sendable {
    /// The name that was asked for.
    public let host: String
    /// The resolver's own words: "Name or service not known".
    public let message: String
    /// Whether asking again may help: the name server did not answer.
    public let isTemporary: Bool
}

/// The addresses of `host`, an address or a name, with `port`: IPv4 first, as nginx orders them, otherwise in the
/// resolver's order, each once. Families that this machine has no address of are left out.
///
/// It waits, for seconds if name servers are slow: call it while a configuration is read, or on a blocking pool, never on
/// a loop.
///
/// A name that was asked for before (`ResolvedNames`) is not asked for again.
public func resolve(host: String, port: UInt16) throws(NameResolutionError) -> [SocketAddress] {
    if let literal = SocketAddress.parse(ip: host, port: port) { return [literal] }
    if let known = ResolvedNames.find(host) {
        if let failure = known.failure { throw NameResolutionError(host: host, message: failure, isTemporary: false) }
        return known.addresses.map { $0.withPort(port) }
    }
    do throws(NameResolutionError) {
        let addresses = try lookUp(host: host, port: port)
        ResolvedNames.add(ResolvedNames.Entry(host: host, addresses: addresses.map { $0.withPort(0) }, failure: nil))
        return addresses
    } catch {
        ResolvedNames.add(ResolvedNames.Entry(host: host, addresses: [], failure: error.message))
        throw error
    }
}

/// Asks the C library.
private func lookUp(host: String, port: UInt16) throws(NameResolutionError) -> [SocketAddress] {
    // A zero byte would cut the name for the C library: another name than the one that was written.
    guard !host.isEmpty, !host.utf8.contains(0) else {
        throw NameResolutionError(host: host, message: "Name or service not known", isTemporary: false)
    }
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_flags = AI_ADDRCONFIG
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    // Sound: the library writes `list`, which is freed below.
    let result = unsafe getaddrinfo(host, nil, &hints, &list)
    guard result == 0 else {
        let code = errno
        let message = unsafe result == EAI_SYSTEM ? SystemError(code).message : String(cString: gai_strerror(result))
        throw NameResolutionError(host: host, message: message, isTemporary: result == EAI_AGAIN)
    }
    defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
        unsafe next = entry.pointee.ai_next
        guard let form = unsafe entry.pointee.ai_addr else { continue }
        var storage = sockaddr_storage()
        let length = unsafe min(Int(entry.pointee.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
        // Sound: the entry holds ai_addrlen bytes, and no more than the storage has are copied.
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: form, count: length))
        }
        guard let address = SocketAddress(kernelForm: &storage, length: socklen_t(length))?.withPort(port) else { continue }
        if !addresses.contains(address) { addresses.append(address) }
    }
    guard !addresses.isEmpty else {
        throw NameResolutionError(host: host, message: "No address associated with hostname", isTemporary: false)
    }
    return addresses.filter { $0.family == AF_INET } + addresses.filter { $0.family != AF_INET }
}
