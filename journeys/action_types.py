"""The acts this floor can carry out, as the authority knows them."""

from sentinel.catalogue import ActionType, ParameterKind, RiskTier, register

MOVE_MONEY = register(
    ActionType(
        name="transfer.between_own_accounts",
        title="Transfer between own accounts",
        resource_type="Party",
        parameters={
            "from_arrangement": ParameterKind.UUID,
            "to_arrangement": ParameterKind.UUID,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
        },
        risk=RiskTier.MEDIUM,
    )
)

MOVE_PAYMENT_DATE = register(
    ActionType(
        name="payment.move_date",
        title="Move a payment to another day of the month",
        resource_type="Party",
        parameters={"arrangement": ParameterKind.UUID, "from_day": ParameterKind.INTEGER, "to_day": ParameterKind.INTEGER},
        risk=RiskTier.LOW,
    )
)

OFFER_CREDIT = register(
    ActionType(
        name="credit.offer",
        title="Offer credit",
        resource_type="Party",
        parameters={"product": ParameterKind.CODE, "amount": ParameterKind.MONEY, "currency": ParameterKind.CURRENCY},
        risk=RiskTier.HIGH,
    )
)

OFFER_PRODUCT = register(
    ActionType(
        name="product.offer",
        title="Offer a product",
        resource_type="Party",
        parameters={"product": ParameterKind.CODE},
        risk=RiskTier.MEDIUM,
    )
)

WAIVE_FEE = register(
    ActionType(
        name="fee.waive",
        title="Waive a fee",
        resource_type="Party",
        parameters={
            "arrangement": ParameterKind.UUID,
            "amount": ParameterKind.MONEY,
            "currency": ParameterKind.CURRENCY,
            "reason": ParameterKind.CODE,
        },
        risk=RiskTier.LOW,
    )
)

SEND_MESSAGE = register(
    ActionType(
        name="contact.send",
        title="Send a message",
        resource_type="Party",
        parameters={"channel": ParameterKind.CODE, "purpose": ParameterKind.CODE, "template": ParameterKind.CODE},
        risk=RiskTier.LOW,
    )
)
