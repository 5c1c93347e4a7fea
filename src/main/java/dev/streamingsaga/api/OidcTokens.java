package dev.streamingsaga.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.RemoteKeySourceException;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.streamingsaga.access.AccessLimit;
import dev.streamingsaga.access.Classification;
import dev.streamingsaga.audit.Actor;
import dev.streamingsaga.config.EndpointConfig.HttpAuth;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.text.ParseException;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Validates tokens of one OpenID provider: signed by one of its keys with an asymmetric algorithm, with our audience
 * ({@code aud}) and its issuer ({@code iss}), and not expired. Tolerates a clock skew of 60 s. The keys are fetched
 * when they are first needed and cached. An unknown key id triggers another fetch, at most about twice a minute. Each
 * fetch is limited to 5 s and 256 KiB.
 */
final class OidcTokens {
    private static final Set<JWSAlgorithm> ASYMMETRIC = new LinkedHashSet<>();
    private static final Set<String> ALL = Set.of("*");
    private static final int SKEW_SECONDS = 60;
    private static final int TIMEOUT_MILLIS = 5000;
    private static final int MAX_BYTES = 256 * 1024;

    static {
        ASYMMETRIC.addAll(JWSAlgorithm.Family.RSA);
        ASYMMETRIC.addAll(JWSAlgorithm.Family.EC);
    }

    private final HttpAuth config;
    private final String issuer;
    private final DefaultResourceRetriever fetch =
            new DefaultResourceRetriever(TIMEOUT_MILLIS, TIMEOUT_MILLIS, MAX_BYTES);
    private @Nullable DefaultJWTProcessor<SecurityContext> processor;

    OidcTokens(HttpAuth config) {
        this.config = config;
        this.issuer = config.oidcIssuer().orElseThrow().toString();
    }

    /** @throws Problem 401 if the token is invalid, 503 if the keys of the provider cannot be fetched */
    Caller caller(String token) {
        try {
            JWTClaimsSet claims = processor().process(token, null);
            String subject = String.valueOf(claims.getSubject());
            return new Caller(subject, scopes(claims), Actor.token(subject), limit(claims));
        } catch (RemoteKeySourceException | IOException e) {
            throw new Problem(
                            503,
                            "provider-away",
                            "the keys of " + issuer + " cannot be fetched: " + e.getMessage()
                                    + "; try again in a moment",
                            e)
                    .header("Retry-After", "5");
        } catch (ParseException | BadJOSEException | JOSEException e) {
            throw AccessControl.unauthenticated("the token is not accepted: " + e.getMessage());
        }
    }

    /** {@code scope} is a space-separated string or, with some providers, a list. */
    private static Set<Scope> scopes(JWTClaimsSet claims) throws ParseException {
        Object claim = claims.getClaim("scope") == null ? claims.getClaim("scp") : claims.getClaim("scope");
        List<?> words = claim instanceof List<?> list
                ? list
                : List.of(String.valueOf(claim).split(" "));
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        words.forEach(word -> Scope.of(String.valueOf(word)).ifPresent(scopes::add));
        return scopes;
    }

    private AccessLimit limit(JWTClaimsSet claims) {
        try {
            Classification max = config.classificationClaim().isEmpty()
                    ? Classification.RESTRICTED
                    : Classification.of(String.join(" ", words(claims, config.classificationClaim())))
                            .orElseThrow(() -> new IllegalArgumentException("the claim " + config.classificationClaim()
                                    + " must be one of " + String.join(", ", Classification.words())));
            Set<String> owners = config.ownersClaim().isEmpty() ? ALL : words(claims, config.ownersClaim());
            return owners.equals(ALL) ? new AccessLimit(Optional.empty(), max) : AccessLimit.ofOwners(owners, max);
        } catch (IllegalArgumentException e) {
            throw AccessControl.unauthenticated("the token does not say which documents it permits: " + e.getMessage());
        }
    }

    private static Set<String> words(JWTClaimsSet claims, String name) {
        Object claim = claims.getClaim(name);
        List<?> words = claim instanceof List<?> list
                ? list
                : claim instanceof String text ? List.of(text.strip().split(" +")) : List.of();
        return words.stream()
                .map(String::valueOf)
                .filter(word -> !word.isEmpty())
                .collect(Collectors.toSet());
    }

    private synchronized DefaultJWTProcessor<SecurityContext> processor() throws IOException {
        DefaultJWTProcessor<SecurityContext> known = processor;
        if (known == null) {
            known = new DefaultJWTProcessor<>();
            known.setJWSTypeVerifier(
                    new DefaultJOSEObjectTypeVerifier<>(JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
            known.setJWSKeySelector(new JWSVerificationKeySelector<>(
                    ASYMMETRIC,
                    JWKSourceBuilder.<SecurityContext>create(jwks(), fetch).build()));
            DefaultJWTClaimsVerifier<SecurityContext> claims = new DefaultJWTClaimsVerifier<>(
                    config.oidcAudience(),
                    new JWTClaimsSet.Builder().issuer(issuer).build(),
                    Set.of("exp", "sub"));
            claims.setMaxClockSkew(SKEW_SECONDS);
            known.setJWTClaimsSetVerifier(claims);
            processor = known;
        }
        return known;
    }

    /** The configured URL, or the one in the discovery document of the provider. */
    private URL jwks() throws IOException {
        if (config.oidcJwksUrl().isPresent()) {
            return config.oidcJwksUrl().get().toURL();
        }
        URL discoveryUrl = URI.create(issuer.replaceFirst("/+$", "") + "/.well-known/openid-configuration")
                .toURL();
        JsonNode discovery =
                new ObjectMapper().readTree(fetch.retrieveResource(discoveryUrl).getContent());
        if (!issuer.equals(discovery.path("issuer").asText())) {
            throw new IOException(discoveryUrl + " describes the issuer "
                    + RequestText.shown(discovery.path("issuer").asText()));
        }
        try {
            return URI.create(discovery.path("jwks_uri").asText()).toURL();
        } catch (IllegalArgumentException | MalformedURLException e) {
            throw new IOException(discoveryUrl + " has no valid jwks_uri", e);
        }
    }
}
