namespace Berth.DevCluster.Schema;

/// <summary>Why a field was refused; the names are the cause types of a Status, except for the prefix <c>FieldValue</c>.</summary>
internal enum FieldErrorReason
{
    NotFound,
    Required,
    Duplicate,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooShort,
    TooMany,
    TooFew,
    TypeInvalid,
    Internal,
}

/// <summary>The two texts that every reason has on the wire.</summary>
internal static class FieldErrorReasons
{
    /// <summary>The <c>reason</c> of a Status cause.</summary>
    public static string CauseType(this FieldErrorReason reason) =>
        reason == FieldErrorReason.Internal ? "InternalError" : "FieldValue" + reason;

    /// <summary>The words that begin the error's body.</summary>
    public static string Words(this FieldErrorReason reason) => reason switch
    {
        FieldErrorReason.NotFound => "Not found",
        FieldErrorReason.Required => "Required value",
        FieldErrorReason.Duplicate => "Duplicate value",
        FieldErrorReason.NotSupported => "Unsupported value",
        FieldErrorReason.Forbidden => "Forbidden",
        FieldErrorReason.TooLong => "Too long",
        FieldErrorReason.TooShort => "Too short",
        FieldErrorReason.TooMany => "Too many",
        FieldErrorReason.TooFew => "Too few",
        FieldErrorReason.Internal => "Internal error",
        _ => "Invalid value",
    };

    /// <summary>Whether the error's body quotes the refused value.</summary>
    public static bool ShowsValue(this FieldErrorReason reason) => reason is not
        (FieldErrorReason.Required or FieldErrorReason.Forbidden or FieldErrorReason.TooLong
        or FieldErrorReason.TooShort or FieldErrorReason.Internal);
}
