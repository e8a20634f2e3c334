import Configuration
import Server

/// The features of this server: the explicit list. A new feature is added here, and nowhere else.
public enum FeatureList {
    public static let all: [any Feature.Type] = [
        Structure.self,
        ProcessFeature.self,
        ErrorLogging.self,
        Listen.self,
        ServerNames.self,
        ServerTLS.self,
        RequestReading.self,
        Persistence.self,
        Sending.self,
        ErrorPages.self,
        RealIP.self,
        AddressAccess.self,
        DocumentRootFeature.self,
        MediaTypeFeature.self,
        OpenFiles.self,
        TryFiles.self,
        StandardVariables.self,
        Map.self,
        Rewrite.self,
        UpstreamFeature.self,
        UpstreamTLS.self,
        ProxyCache.self,
        ProxyPass.self,
        IndexFiles.self,
        StaticFiles.self,
        AccessLogging.self,
        NotModified.self,
        ResponseHeaders.self,
        Gzip.self,
        Ranges.self,
    ]

    /// nginx's directives that are refused, with the reason.
    public static let refused = KnownDirectives.allRefused

    /// Directives that are accepted without an effect, with the reason.
    public static let harmless = KnownDirectives.harmless
}
